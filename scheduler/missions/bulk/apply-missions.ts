import { AppError, type ErrorCode, toAppError } from '../../../models/errors.ts'
import { describeMisfit } from '../../config/describe-misfit.ts'
import { everyPage } from '../../store/pages.ts'
import type { MissionService } from '../contract.ts'
import { type MissionDocument, missionDocument } from '../document/document.ts'
import { documentDiff, type FieldChange } from '../document/document-diff.ts'
import type { WrittenDocument } from '../document/read-documents.ts'

export interface ApplyRequest {
  readonly tenant: string
  readonly actor: string
  readonly documents: readonly WrittenDocument[]
  /** Whose missions they are; those of others are left alone. */
  readonly owner?: string
  /** Missions of the owner that no document names are deleted. */
  readonly prune: boolean
  /** Everything is checked and nothing is changed. */
  readonly dryRun: boolean
}

export interface ApplyError {
  readonly code: ErrorCode
  readonly detail: string
  /** JSON pointer into the document. */
  readonly pointer?: string
}

export interface AppliedMission {
  readonly outcome: 'created' | 'updated' | 'unchanged' | 'pruned' | 'failed'
  /** Empty where the document has none. */
  readonly id: string
  /** Where the document stands; none: a pruned mission. */
  readonly origin?: string
  readonly errors?: readonly ApplyError[]
  readonly warnings?: readonly string[]
  /** Of an update. */
  readonly changes?: readonly FieldChange[]
}

export interface ApplyAnswer {
  /** In the order of the documents, then the pruned ones. */
  readonly items: readonly AppliedMission[]
  /** Why nothing was pruned though it was asked for. */
  readonly notPruned?: string
}

type Missions = Pick<MissionService, 'get' | 'put' | 'remove' | 'list'>

const atOnce = 32

/**
 * Each document by itself, whatever becomes of the others. `onItem` hears of each as soon as it is done.
 * @throws INVALID_PARAMS, and what the service throws for all.
 */
export async function applyMissions(
  missions: Missions,
  request: ApplyRequest,
  onItem: (item: AppliedMission) => void = () => undefined,
): Promise<ApplyAnswer> {
  const { documents, owner, prune } = request
  if (prune && owner === undefined)
    throw new AppError('INVALID_PARAMS', 'prune needs owner: only the missions of one are pruned')
  if (prune && documents.length === 0)
    throw new AppError('INVALID_PARAMS', 'prune without a document would delete every mission of the owner')
  const firsts = firstsOf(documents)
  const items: AppliedMission[] = []
  const done = (item: AppliedMission) => {
    onItem(item)
    return item
  }
  for (let start = 0; start < documents.length; start += atOnce) {
    const batch = documents.slice(start, start + atOnce)
    const applying = batch.map((item) => applyOne(missions, request, { item, first: firsts.get(idOf(item)) ?? item }))
    items.push(...(await allSettled(applying.map(async (each) => done(await each)))))
  }
  if (!prune || owner === undefined) return { items }
  const failed = items.filter(({ outcome }) => outcome === 'failed').length
  if (failed > 0) return { items, notPruned: `${failed} of the documents failed, and might be what would be pruned` }
  for await (const item of pruneOthers(missions, { ...request, owner }, new Set(firsts.keys()))) items.push(done(item))
  return { items }
}

function firstsOf(documents: readonly WrittenDocument[]): Map<string, WrittenDocument> {
  const firsts = new Map<string, WrittenDocument>()
  for (const item of documents) if (!firsts.has(idOf(item))) firsts.set(idOf(item), item)
  return firsts
}

/** As Promise.all, but fails only when what was at work beside a failure is done. */
async function allSettled<Value>(promises: readonly Promise<Value>[]): Promise<Value[]> {
  await Promise.allSettled(promises)
  return Promise.all(promises)
}

interface Item {
  readonly item: WrittenDocument
  /** The first that bears its id. */
  readonly first: WrittenDocument
}

async function applyOne(missions: Missions, request: ApplyRequest, { item, first }: Item): Promise<AppliedMission> {
  const { origin, error } = item
  const id = idOf(item)
  const failed = (...errors: ApplyError[]): AppliedMission => ({ outcome: 'failed', id, origin, errors })
  if (error !== undefined) return failed({ code: 'INVALID_PARAMS', detail: error })
  if (first !== item && id !== '')
    return failed({ code: 'INVALID_PARAMS', detail: `a mission of this id stands at ${first.origin} already` })
  const parsed = missionDocument.safeParse(item.document)
  if (!parsed.success) {
    const { problems } = describe(parsed.error, item.document)
    return failed(...problems.map((problem) => ({ code: 'INVALID_PARAMS' as const, ...problem })))
  }
  try {
    return { origin, ...(await putOwned(missions, request, parsed.data)) }
  } catch (thrown) {
    const { code, message, problems } = toAppError(thrown)
    // what holds for the others as well is no answer for one of them
    if (code === 'REDIS_UNAVAILABLE') throw thrown
    return failed(
      ...(problems.length > 0 ? problems.map((problem) => ({ code, ...problem })) : [{ code, detail: message }]),
    )
  }
}

const describe = describeMisfit(missionDocument)

async function putOwned(
  missions: Missions,
  { tenant, actor, owner, dryRun }: ApplyRequest,
  written: MissionDocument,
): Promise<AppliedMission> {
  const document = { ...written, ...(owner !== undefined && { owner: written.owner ?? owner }) }
  assertOwner(document, owner, 'the document')
  const { mission, outcome, warnings, before } = await missions.put(tenant, document, {
    ...{ actor, dryRun },
    accept: (stored) => assertOwner(stored, owner, `mission "${stored.id}" as stored`),
  })
  return {
    ...{ outcome, id: document.id, warnings },
    ...(outcome === 'updated' && before && { changes: documentDiff(before, mission.document) }),
  }
}

function assertOwner(document: MissionDocument, owner: string | undefined, what: string): void {
  if (owner === undefined || document.owner === owner) return
  const detail = document.owner === undefined ? 'belongs to nobody' : `belongs to "${document.owner}"`
  throw new AppError('CONFLICT', `${what} ${detail}, not to "${owner}"`)
}

async function* pruneOthers(
  missions: Missions,
  { tenant, owner, dryRun }: ApplyRequest & { readonly owner: string },
  kept: ReadonlySet<string>,
): AsyncGenerator<AppliedMission> {
  for await (const page of everyPage((asked) => missions.list(tenant, asked), 1_000)) {
    const others = page.missions.filter(({ id, document }) => document.owner === owner && !kept.has(id))
    for (const { id, generation } of others)
      yield await removeOne(missions, { tenant, id, generation, dryRun }).catch((error): AppliedMission => {
        const { code, message } = toAppError(error)
        return { outcome: 'failed', id, errors: [{ code, detail: message }] }
      })
  }
}

interface Removal {
  readonly tenant: string
  readonly id: string
  readonly generation: number
  readonly dryRun: boolean
}

async function removeOne(missions: Missions, { tenant, id, generation, dryRun }: Removal): Promise<AppliedMission> {
  if (!dryRun) await missions.remove(tenant, id, { ifGeneration: generation })
  return { outcome: 'pruned', id }
}

function idOf({ document }: WrittenDocument): string {
  const id = Object(document).id
  return typeof id === 'string' ? id : ''
}
