import { basename, resolve } from 'node:path'
import { AppError, toAppError } from '../../../models/errors.ts'
import { forecasterFactories } from '../../../models/registry.ts'
import { didYouMean } from '../../config/did-you-mean.ts'
import { hubSource } from '../../model-store/hub/hub-source.ts'
import { knownModels } from '../../model-store/known-models.ts'
import { readManifest } from '../../model-store/manifest.ts'
import { fullId, parseModelName, shortName } from '../../model-store/model-name.ts'
import { folderSource } from '../../model-store/pull/folder-source.ts'
import { pullModel } from '../../model-store/pull/pull-model.ts'
import type { PullSource } from '../../model-store/pull/source.ts'
import { hubSettings } from '../../model-store/store-settings.ts'
import { defineCommand, type Io, usageError } from '../command.ts'
import { abortOnSignals } from '../signals.ts'
import { formatBytes, openStore, type Store, storeOptions } from './options.ts'
import { jsonReport, linesReport, type PullReport, terminalReport } from './pull-report.ts'

export const modelsPull = defineCommand({
  name: 'models pull',
  summary: 'Install models from Hugging Face, a mirror of it, or a folder.',
  details:
    'NAME is chronos-bolt-tiny, -mini, -small, -base, chronos-2-small, chronos-2 or ORG/NAME, each with @REVISION (branch,\ntag or commit) where it should be pinned. HF_ENDPOINT and HF_TOKEN are heeded, HTTPS_PROXY as well. A pull that was\ncut off goes on from there; every file is checked before the model can be used.',
  positionals: { name: '[NAME...]', min: 0, max: 100 },
  options: {
    revision: { type: 'string', value: 'REV', help: 'branch, tag or commit; default main' },
    from: { type: 'string', value: 'FOLDER', help: 'copy the model from there, without a network' },
    json: { type: 'boolean', help: 'one JSON object a line' },
    ...storeOptions,
  },
  examples: [
    ['anomaly-times models pull chronos-bolt-small', 'then write model: chronos-bolt-small in a mission'],
    ['anomaly-times models pull amazon/chronos-2@COMMIT', 'pinned: the model stays as it is'],
    ['anomaly-times models pull chronos-2 --from /media/usb/chronos-2', 'without a network'],
  ],
  async run({ values, positionals }, io) {
    const { from, revision } = values
    if (positionals.length === 0 && from === undefined) throw usageError('models pull', 'NAME is missing')
    if (positionals.length > 1 && (from ?? revision) !== undefined)
      throw usageError('models pull', `${from === undefined ? '--revision' : '--from'} is for one NAME`)
    const store = openStore(values, io)
    const wanted = positionals.length > 0 ? positionals : [nameOfFolder(from ?? '')]
    const pulls = wanted.map((text) => planPull(text, { from, revision, store, io }))
    const signal = abortOnSignals()
    for (const pull of pulls) {
      const exitCode = await runPull(pull, { store, io, signal, json: values.json })
      if (exitCode !== 0) return exitCode
    }
    return 0
  },
})

interface Pull {
  readonly id: string
  readonly source: PullSource
}

interface PlanOptions {
  readonly from: string | undefined
  readonly revision: string | undefined
  readonly store: Store
  readonly io: Io
}

function planPull(text: string, { from, revision: asked, store, io }: PlanOptions): Pull {
  if (Object.hasOwn(forecasterFactories, text)) throw usageError('models pull', `${text} is built in: it has no files`)
  const { id: short, revision = asked ?? 'main' } = parseModelName(text)
  const id = fullId(short)
  if (from !== undefined) return { id, source: folderSource(from) }
  if (!id.includes('/')) {
    const names = knownModels.map(({ name }) => name)
    const hint = didYouMean(id, names) || '; see anomaly-times models list'
    throw new AppError('MODEL_UNKNOWN', `"${text}" is no known model, and has no organisation as ORG/NAME has${hint}`)
  }
  return { id, source: hubSource({ ...hubSettings(store.config, io.environment), model: { id, revision } }) }
}

/** What it was called where it was pulled; else the folder's own name. */
function nameOfFolder(folder: string): string {
  return readManifest(folder)?.model ?? basename(resolve(folder))
}

interface RunOptions {
  readonly store: Store
  readonly io: Io
  readonly signal: AbortSignal
  readonly json: boolean
}

async function runPull({ id, source }: Pull, { store, io, signal, json }: RunOptions): Promise<number> {
  const report = openReport({ id, from: source.description }, json, io)
  try {
    const { maxBytes } = store.config.models
    const pulled = await pullModel({ dir: store.dir, id, source, maxBytes, signal, onEvent: report.event })
    const bytes = Object.values(pulled.model.manifest?.files ?? {}).reduce((sum, file) => sum + file.bytes, 0)
    report.end()
    if (json)
      io.out(
        JSON.stringify({ event: pulled.outcome, model: id, ...pulled.model.manifest, folder: pulled.model.folder }),
      )
    else {
      const { revision = '', folder } = pulled.model
      const state = pulled.outcome === 'present' ? 'is installed already' : `installed (${formatBytes(bytes)})`
      io.out(`${id} ${revision.slice(0, 12)} ${state}: ${folder}\nFor missions: model: ${shortName(id)}`)
    }
    return 0
  } catch (error) {
    report.end()
    if (!signal.aborted) throw withWaysOut(toAppError(error))
    io.err('stopped: pull again to go on from there')
    return 130
  } finally {
    await source.close()
  }
}

function withWaysOut(error: AppError): AppError {
  if (error.code !== 'HUB_UNAVAILABLE') return error
  const ways =
    'Without a network: --from FOLDER. A mirror: HF_ENDPOINT. A proxy: HTTPS_PROXY. See docs/models.md, Pulling.'
  return new AppError(error.code, `${error.message}\n${ways}`, { cause: error })
}

function openReport(title: { id: string; from: string }, json: boolean, io: Io): PullReport {
  if (json) return jsonReport(title, io)
  return io.terminal ? terminalReport(title, io.terminal) : linesReport(title, io)
}
