import type { Colour, Pen } from './canvas.ts'

export const ink: Colour = [31, 41, 55]
export const grey: Colour = [107, 114, 128]
export const gridColour: Colour = [226, 230, 236]
export const bandColour: Colour = [200, 220, 250]

export const historyPen: Pen = { colour: ink, thickness: 1.5 }
export const medianPen: Pen = { colour: [29, 90, 200], thickness: 2.2 }
export const titlePen: Pen = { colour: ink, thickness: 2.4 }
export const textPen: Pen = { colour: ink, thickness: 1.4 }
export const quietPen: Pen = { colour: grey, thickness: 1.4 }
