import { scenarios } from './scenarios.ts'

scenarios('deferred')
