import { expect, test } from 'vitest'
import { cgroupLimits } from '../../../scheduler/inference/cgroup.ts'

const of = (files: Readonly<Record<string, string>>) => cgroupLimits((path) => files[path])
const fs = '/sys/fs/cgroup'
const noLimit = { cores: undefined, memoryBytes: undefined }

test('version 2: the limits of a container that sees its own group as the root', () => {
  const files = {
    '/proc/self/cgroup': '0::/\n',
    [`${fs}/cpu.max`]: '150000 100000\n',
    [`${fs}/memory.max`]: '2147483648\n',
  }
  expect(of(files)).toEqual({ cores: 1.5, memoryBytes: 2 ** 31 })
})

test('version 2: the least limit on the way to the root counts', () => {
  const files = {
    '/proc/self/cgroup': '0::/kubepods/pod1/worker\n',
    [`${fs}/kubepods/pod1/worker/cpu.max`]: 'max 100000\n',
    [`${fs}/kubepods/pod1/worker/memory.max`]: '3000000000\n',
    [`${fs}/kubepods/pod1/cpu.max`]: '400000 100000\n',
    [`${fs}/kubepods/pod1/memory.max`]: '1000000000\n',
    [`${fs}/kubepods/cpu.max`]: '800000 100000\n',
    [`${fs}/kubepods/memory.max`]: 'max\n',
  }
  expect(of(files)).toEqual({ cores: 4, memoryBytes: 1e9 })
})

test('version 1: each controller has a tree of its own', () => {
  const files = {
    '/proc/self/cgroup': '4:memory:/docker/abc\n3:cpuset:/\n2:cpu,cpuacct:/docker/abc\n1:name=systemd:/\n',
    [`${fs}/memory/docker/abc/memory.limit_in_bytes`]: '536870912\n',
    [`${fs}/memory/memory.limit_in_bytes`]: '9223372036854771712\n',
    [`${fs}/cpu,cpuacct/docker/abc/cpu.cfs_quota_us`]: '50000\n',
    [`${fs}/cpu,cpuacct/docker/abc/cpu.cfs_period_us`]: '100000\n',
    [`${fs}/cpu,cpuacct/cpu.cfs_quota_us`]: '-1\n',
    [`${fs}/cpu,cpuacct/cpu.cfs_period_us`]: '100000\n',
  }
  expect(of(files)).toEqual({ cores: 0.5, memoryBytes: 2 ** 29 })
})

test("version 1: the host's path is not there in a container, whose group is the root of the mount", () => {
  const files = {
    '/proc/self/cgroup': '4:memory:/docker/abc\n2:cpu:/docker/abc\n',
    [`${fs}/memory/memory.limit_in_bytes`]: '536870912\n',
    [`${fs}/cpu/cpu.cfs_quota_us`]: '250000\n',
    [`${fs}/cpu/cpu.cfs_period_us`]: '100000\n',
  }
  expect(of(files)).toEqual({ cores: 2.5, memoryBytes: 2 ** 29 })
})

test.each([
  ['there are no control groups', {}],
  [
    'nothing is limited',
    { '/proc/self/cgroup': '0::/\n', [`${fs}/cpu.max`]: 'max 100000\n', [`${fs}/memory.max`]: 'max\n' },
  ],
  [
    'the files hold something else',
    { '/proc/self/cgroup': '0::/\nx\n', [`${fs}/cpu.max`]: '\n', [`${fs}/memory.max`]: '?' },
  ],
  [
    'version 1 says so',
    { '/proc/self/cgroup': '4:memory:/\n', [`${fs}/memory/memory.limit_in_bytes`]: '9223372036854771712' },
  ],
])('no limit where %s', (_, files) => {
  expect(of(files)).toEqual(noLimit)
})

test('the files of this machine can be read', () => {
  expect(Object.keys(cgroupLimits())).toEqual(['cores', 'memoryBytes'])
})
