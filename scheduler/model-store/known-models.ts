/** A published checkpoint that can be named without its organisation. */
export interface KnownModel {
  readonly name: string
  /** `ORG/NAME` on the hub. */
  readonly id: string
  readonly parameters: string
  /** Of the weights, in float32. */
  readonly bytes: number
  readonly summary: string
}

function known(id: string, parameters: string, megabytes: number, summary: string): KnownModel {
  return { id, name: id.slice(id.indexOf('/') + 1), parameters, bytes: megabytes * 1e6, summary }
}

/** What to know of a model that is called as a known one and has another size; undefined where it has not. */
export function otherThanKnown(id: string, parameters: number | undefined): string | undefined {
  const model = knownModels.find((known) => known.id === id || known.name === id)
  if (!model || parameters === undefined) return undefined
  const ratio = parameters / (Number.parseFloat(model.parameters) * 1e6)
  return ratio > 0.8 && ratio < 1.25 ? undefined : `not the published ${model.name}, which has ${model.parameters}`
}

export const knownModels: readonly KnownModel[] = [
  known('amazon/chronos-bolt-tiny', '9 M', 34.6, 'the quickest'),
  known('amazon/chronos-bolt-mini', '21 M', 84.9, 'between tiny and small'),
  known('amazon/chronos-bolt-small', '48 M', 190.9, 'the usual Bolt'),
  known('amazon/chronos-bolt-base', '205 M', 821.2, 'the best Bolt, slow without a GPU'),
  known('autogluon/chronos-2-small', '28 M', 112, 'Chronos-2 at two thirds of the speed of bolt-small'),
  known('amazon/chronos-2', '120 M', 477.9, 'the most accurate; far horizons, covariates'),
]
