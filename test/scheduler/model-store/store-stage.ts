import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type HubSourceOptions, hubSource } from '../../../scheduler/model-store/hub/hub-source.ts'
import { type PullEvent, type Pulled, pullModel } from '../../../scheduler/model-store/pull/pull-model.ts'
import { type FakeHubModel, fakeHub } from '../../fakes/fake-hub.ts'

const fixture = (path: string) => new URL(`../../fixtures/chronos/${path}`, import.meta.url)
export const boltFolder = fixture('bolt').pathname
export const chronos2Folder = fixture('chronos2').pathname

const read = (path: string) => readFileSync(fixture(path))

/** A lively checkpoint of the real architecture, as the hub would have it. */
export const tinyModel: FakeHubModel = {
  id: 'amazon/chronos-bolt-tiny',
  commit: 'a'.repeat(40),
  refs: ['v1.0', 'refs/pr/3'],
  files: {
    'config.json': read('bolt/config.json'),
    'model.safetensors': read('bolt/model.safetensors'),
    'README.md': Buffer.from('# Chronos-Bolt (Tiny)\n'),
    '.gitattributes': Buffer.from('*.safetensors filter=lfs\n'),
    'onnx/model.onnx': Buffer.from('not wanted'),
  },
}

export const weights = tinyModel.files['model.safetensors'] ?? Buffer.alloc(0)

export interface StoreStage extends AsyncDisposable {
  readonly dir: string
  readonly hub: Awaited<ReturnType<typeof fakeHub>>
  readonly events: PullEvent[]
  /** Pulls the tiny model from the fake hub. */
  pull(options?: PullOptions): Promise<Pulled>
}

interface PullOptions extends Partial<Omit<HubSourceOptions, 'model'>> {
  readonly dir?: string
  readonly id?: string
  readonly revision?: string
  readonly maxBytes?: number
  readonly signal?: AbortSignal
}

/** An empty store and a hub that has the models. */
export async function storeStage(models: readonly FakeHubModel[] = [tinyModel]): Promise<StoreStage> {
  const dir = mkdtempSync(join(tmpdir(), 'model-store-'))
  const hub = await fakeHub(models)
  const events: PullEvent[] = []
  return {
    ...{ dir, hub, events },
    async pull({
      dir: to = dir,
      id = tinyModel.id,
      revision = 'main',
      maxBytes = 10_000_000,
      signal,
      patience,
      ...options
    } = {}) {
      const source = hubSource({
        ...{ endpoint: hub.url, token: undefined, model: { id, revision }, ...options },
        patience: { waitMs: 1, ...patience },
      })
      const stop = signal ?? new AbortController().signal
      try {
        return await pullModel({ dir: to, id, source, maxBytes, signal: stop, onEvent: (event) => events.push(event) })
      } finally {
        await source.close()
      }
    },
    async [Symbol.asyncDispose]() {
      await hub[Symbol.asyncDispose]()
      rmSync(dir, { recursive: true, force: true })
    },
  }
}
