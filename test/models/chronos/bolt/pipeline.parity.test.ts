import { describeParity } from '../parity-suite.ts'

describeParity('bolt')
