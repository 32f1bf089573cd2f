import { forecasterFactories } from '../../../models/registry.ts'
import { describeModel, type ModelFacts } from '../../model-store/describe-model.ts'
import { type InstalledModel, listInstalled } from '../../model-store/installed-models.ts'
import { knownModels, otherThanKnown } from '../../model-store/known-models.ts'
import { removeModel } from '../../model-store/remove-model.ts'
import { verifyModel } from '../../model-store/verify-model.ts'
import { defineCommand } from '../command.ts'
import { relativeTime, textTable } from '../table.ts'
import { formatBytes, installedModel, openStore, storeOptions, titleOf } from './options.ts'

const builtIn = Object.keys(forecasterFactories)

const json = { type: 'boolean', help: 'JSON in place of a table' } as const

export const modelsList = defineCommand({
  name: 'models list',
  summary: 'List the models that missions may name: built in, in the store, and published ones that it lacks.',
  options: { json, ...storeOptions },
  examples: [['anomaly-times models list', 'what missions may name in `model:`']],
  async run({ values }, io) {
    const { dir } = openStore(values, io)
    const models = listInstalled(dir).map((model) => ({ model, facts: describeModel(model.folder) }))
    const lacking = knownModels.filter(({ id }) => !models.some(({ model }) => model.id === id))
    if (values.json) {
      const installed = models.map(({ model: { manifest, ...model }, facts }) => ({ ...model, ...facts, ...manifest }))
      io.out(JSON.stringify({ dir, builtIn, models: installed, known: lacking }, undefined, 2))
      return 0
    }
    io.out(`Built in: ${builtIn.join(', ')}\n`)
    io.out(models.length > 0 ? installedTable(models, Date.now()) : `no models are installed in ${dir}`)
    if (lacking.length > 0) io.out(`\nTo install one: anomaly-times models pull NAME\n${knownTable(lacking)}`)
    return 0
  },
})

interface Row {
  readonly model: InstalledModel
  readonly facts: ModelFacts
}

function installedTable(rows: readonly Row[], nowMs: number): string {
  return textTable(rows, [
    { title: 'MODEL', cell: ({ model }) => titleOf(model) },
    { title: 'REVISION', cell: ({ model }) => revisionText(model) },
    { title: 'KIND', cell: ({ facts }) => facts.family ?? '-' },
    { title: 'PARAMETERS', cell: ({ facts }) => parameterText(facts.parameters), align: 'right' },
    {
      title: 'SIZE',
      cell: ({ facts }) => (facts.bytes === undefined ? '-' : formatBytes(facts.bytes)),
      align: 'right',
    },
    { title: 'INSTALLED', cell: ({ model }) => relativeTime(model.manifest?.pulledAt, nowMs) },
    { title: 'STATE', cell: stateText },
  ])
}

function stateText({ model, facts }: Row): string {
  return model.damage ?? facts.problem ?? otherThanKnown(model.id, facts.parameters) ?? 'ok'
}

function revisionText({ revision, manifest }: InstalledModel): string {
  if (revision === undefined) return 'copied'
  const { requested } = manifest ?? {}
  const branch = requested === undefined || revision.startsWith(requested) ? '' : ` (${requested})`
  return `${revision.slice(0, 12)}${branch}`
}

function parameterText(count: number | undefined): string {
  return count === undefined ? '-' : `${(count / 1e6).toFixed(count < 1e7 ? 2 : 0)} M`
}

function knownTable(known: typeof knownModels): string {
  const table = textTable(known, [
    { title: 'NAME', cell: ({ name }) => name },
    { title: 'PARAMETERS', cell: ({ parameters }) => parameters, align: 'right' },
    { title: 'DOWNLOAD', cell: ({ bytes }) => formatBytes(bytes), align: 'right' },
    { title: '', cell: ({ summary }) => summary },
  ])
  return table.replace(/^/gm, '  ')
}

export const modelsVerify = defineCommand({
  name: 'models verify',
  summary: 'Compare the files of models with what was pulled, byte by byte; all of them without a name.',
  positionals: { name: '[NAME...]', min: 0, max: 100 },
  options: { json, ...storeOptions },
  examples: [['anomaly-times models verify', 'exit code 1 when one of them is damaged']],
  async run({ values, positionals }, io) {
    const store = openStore(values, io)
    const models =
      positionals.length > 0 ? positionals.map((name) => installedModel(store, name)) : listInstalled(store.dir)
    const verified = []
    for (const model of models) verified.push({ model, ...(await verifyModel(model)) })
    const exitCode = verified.some(({ problems }) => problems.length > 0) ? 1 : 0
    if (values.json) {
      const rows = verified.map(({ model: { id, revision, folder }, ...verdict }) => ({
        id,
        revision,
        folder,
        ...verdict,
      }))
      io.out(JSON.stringify(rows, undefined, 2))
      return exitCode
    }
    if (models.length === 0) io.out(`no models are installed in ${store.dir}`)
    for (const { model, problems, hasChecksums } of verified) {
      const verdict = hasChecksums ? 'all files are as they were pulled' : 'readable; copied, so there are no checksums'
      if (problems.length === 0) io.out(`${titleOf(model)}: ${verdict}`)
      for (const problem of problems) io.err(`${titleOf(model)}: ${problem}`)
    }
    if (exitCode > 0) io.err('\nRemove what is damaged and pull it again: anomaly-times models remove NAME')
    return exitCode
  },
})

export const modelsRemove = defineCommand({
  name: 'models remove',
  summary: 'Remove models from the store.',
  details:
    'NAME@REVISION removes one revision, NAME the current one. Missions that name a model that is gone are forecast by\ntheir fall-back, with the reason MODEL_MISSING; workers that have it loaded keep it until they unload it.',
  positionals: { name: 'NAME...', min: 1, max: 100 },
  options: { all: { type: 'boolean', help: 'every revision' }, ...storeOptions },
  examples: [['anomaly-times models remove chronos-bolt-tiny', 'its current revision']],
  async run({ values, positionals }, io) {
    const store = openStore(values, io)
    const named = positionals.map((name) => installedModel(store, name))
    const doomed = values.all
      ? listInstalled(store.dir).filter(({ id }) => named.some((model) => model.id === id))
      : named
    for (const model of doomed) {
      removeModel(store.dir, model)
      io.out(`${titleOf(model)}: removed ${model.folder}`)
    }
    return 0
  },
})
