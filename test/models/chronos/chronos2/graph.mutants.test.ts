import { describeMutants } from '../mutant-suite.ts'

describeMutants({ family: 'chronos2', mixed: 'c09-mixed h64', editable: 13 })
