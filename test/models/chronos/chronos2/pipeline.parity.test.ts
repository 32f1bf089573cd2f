import { describeParity } from '../parity-suite.ts'

describeParity('chronos2')
