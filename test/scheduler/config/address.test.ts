import { expect, test } from 'vitest'
import { formatUrl, isLoopback, parseAddress, tryParseAddress } from '../../../scheduler/config/address.ts'

test.each([
  { text: '127.0.0.1:9490', address: { host: '127.0.0.1', port: 9490 } },
  { text: '[::1]:0', address: { host: '::1', port: 0 } },
  { text: ':9490', address: { host: '0.0.0.0', port: 9490 } },
  { text: 'api.example:80', address: { host: 'api.example', port: 80 } },
  { text: '9490', address: undefined },
  { text: 'host:65536', address: undefined },
  { text: '::1:9490', address: undefined },
  { text: 'http://host:80', address: undefined },
])('$text is $address', ({ text, address }) => {
  expect(tryParseAddress(text)).toEqual(address)
})

test('an address that is none names itself', () => {
  expect(() => parseAddress('9490')).toThrow('"9490" is no listen address')
})

test.each([
  { host: '127.0.0.1', loopback: true },
  { host: '127.8.9.1', loopback: true },
  { host: '::1', loopback: true },
  { host: 'localhost', loopback: true },
  { host: '0.0.0.0', loopback: false },
  { host: '::', loopback: false },
  { host: '127.evil.example', loopback: false },
])('$host is loopback: $loopback', ({ host, loopback }) => {
  expect(isLoopback(host)).toBe(loopback)
})

test('an IPv6 host stands in brackets', () => {
  expect(formatUrl({ host: '::1', port: 1 })).toBe('http://[::1]:1')
})
