export const glyphWidth = 5
export const glyphHeight = 7

/** Space to tilde, five columns a glyph, two hex digits a column, the lowest bit at the top. */
const columns =
  '0000000000' +
  '00005f0000' +
  '0007000700' +
  '147f147f14' +
  '242a7f2a12' +
  '2313086462' +
  '3649552250' +
  '0005030000' +
  '001c224100' +
  '0041221c00' +
  '082a1c2a08' +
  '08083e0808' +
  '0050300000' +
  '0808080808' +
  '0060600000' +
  '2010080402' +
  '3e5149453e' +
  '00427f4000' +
  '4261514946' +
  '2141454b31' +
  '1814127f10' +
  '2745454539' +
  '3c4a494930' +
  '0171090503' +
  '3649494936' +
  '064949291e' +
  '0036360000' +
  '0056360000' +
  '0008142241' +
  '1414141414' +
  '4122140800' +
  '0201510906' +
  '324979413e' +
  '7e1111117e' +
  '7f49494936' +
  '3e41414122' +
  '7f4141221c' +
  '7f49494941' +
  '7f09090101' +
  '3e41415132' +
  '7f0808087f' +
  '00417f4100' +
  '2040413f01' +
  '7f08142241' +
  '7f40404040' +
  '7f0204027f' +
  '7f0408107f' +
  '3e4141413e' +
  '7f09090906' +
  '3e4151215e' +
  '7f09192946' +
  '4649494931' +
  '01017f0101' +
  '3f4040403f' +
  '1f2040201f' +
  '7f2018207f' +
  '6314081463' +
  '0304780403' +
  '6151494543' +
  '00007f4141' +
  '0204081020' +
  '41417f0000' +
  '0402010204' +
  '4040404040' +
  '0001020400' +
  '2054545478' +
  '7f48444438' +
  '3844444420' +
  '384444487f' +
  '3854545418' +
  '087e090102' +
  '081454543c' +
  '7f08040478' +
  '00447d4000' +
  '2040443d00' +
  '007f102844' +
  '00417f4000' +
  '7c04180478' +
  '7c08040478' +
  '3844444438' +
  '7c14141408' +
  '081414187c' +
  '7c08040408' +
  '4854545420' +
  '043f444020' +
  '3c4040207c' +
  '1c2040201c' +
  '3c4030403c' +
  '4428102844' +
  '0c5050503c' +
  '4464544c44' +
  '0008364100' +
  '00007f0000' +
  '0041360800' +
  '0804081008'

/** Letters that reach below the line. */
const descenders: Readonly<Record<string, readonly number[]>> = {
  g: [0x38, 0x144, 0x144, 0x144, 0xfc],
  j: [0x80, 0x100, 0x104, 0xfd, 0],
  p: [0x1fc, 0x44, 0x44, 0x44, 0x38],
  q: [0x38, 0x44, 0x44, 0x44, 0x1fc],
  y: [0x3c, 0x140, 0x140, 0x140, 0xfc],
}
const rowsWithDescent = glyphHeight + 2

/** A stroke of a glyph: from a dot to another one, by column and row. */
export type Stroke = readonly [fromColumn: number, fromRow: number, toColumn: number, toRow: number]

/** The dots of a character, each joined to its neighbours: a pen's way, which can be drawn at any size. */
export function strokesOf(sign: string): Stroke[] {
  const glyph = glyphOf(sign)
  const isSet = (column: number, row: number) => (((glyph[column] ?? 0) >> row) & 1) === 1
  return glyph.flatMap((_, column) =>
    Array.from({ length: rowsWithDescent }, (_, row) => row)
      .filter((row) => isSet(column, row))
      .flatMap((row): Stroke[] => {
        const to = (right: number, down: number): Stroke => [column, row, column + right, row + down]
        const [east, south] = [isSet(column + 1, row), isSet(column, row + 1)]
        // corners are joined along their sides
        const southEast = isSet(column + 1, row + 1) && !east && !south
        const northEast = isSet(column + 1, row - 1) && !east && !isSet(column, row - 1)
        return [
          to(0, 0),
          ...(east ? [to(1, 0)] : []),
          ...(south ? [to(0, 1)] : []),
          ...(southEast ? [to(1, 1)] : []),
          ...(northEast ? [to(1, -1)] : []),
        ]
      }),
  )
}

/** Columns of a character, the lowest bit at the top; of `?` for those that are not drawn. */
export function glyphOf(sign: string): readonly number[] {
  if (Object.hasOwn(descenders, sign)) return descenders[sign] ?? []
  const code = sign.codePointAt(0) ?? 0
  const at = (code >= 32 && code < 127 ? code - 32 : 31) * glyphWidth * 2
  return Array.from({ length: glyphWidth }, (_, i) => Number.parseInt(columns.slice(at + 2 * i, at + 2 * i + 2), 16))
}
