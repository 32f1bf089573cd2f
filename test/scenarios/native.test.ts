import { scenarios } from './scenarios.ts'

scenarios('native')
