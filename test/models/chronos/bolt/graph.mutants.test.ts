import { describeMutants } from '../mutant-suite.ts'

describeMutants({ family: 'bolt', mixed: 'b09-mixed h64', editable: 17 })
