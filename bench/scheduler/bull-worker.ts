import { Worker } from 'bullmq'
import { Redis } from 'ioredis'

const [url = ''] = process.argv.slice(2)

/** A process of its own that runs what BullMQ's job schedulers make, and tells how late each began. */
let lagsMs: number[] = []
const worker = new Worker(
  'bench',
  async ({ id = '' }) => {
    // `repeat:<id>:<instant>`
    lagsMs.push(Date.now() - Number(id.slice(id.lastIndexOf(':') + 1)))
  },
  {
    connection: new Redis(url, { maxRetriesPerRequest: null }),
    concurrency: 50,
    // as our own queue keeps them
    removeOnComplete: { age: 3_600, count: 5_000 },
  },
)
process.on('message', (what) => {
  if (what === 'end') process.send?.(lagsMs)
  lagsMs = []
})
process.once('disconnect', () => process.exit())
await worker.waitUntilReady()
process.send?.('ready')
