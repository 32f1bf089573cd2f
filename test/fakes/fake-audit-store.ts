import type { AuditEntry, AuditStore } from '../../scheduler/store/audit-store.ts'

/** In memory. */
export function fakeAuditStore(): AuditStore {
  const entries: (AuditEntry & { readonly tenant: string })[] = []
  return {
    async add(tenant, entry) {
      entries.unshift({ id: `${entry.atMs}-${entries.length}`, tenant, ...entry })
    },
    async list(wanted, { limit, cursor }) {
      const own = entries.filter(({ tenant }) => tenant === wanted).map(({ tenant, ...entry }) => entry)
      const from = cursor === undefined ? 0 : own.findIndex(({ id }) => id === cursor) + 1
      const items = own.slice(from, from + limit)
      const last = items.at(-1)
      return { items, ...(last && from + limit < own.length && { cursor: last.id }) }
    },
  }
}
