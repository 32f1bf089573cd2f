import { expect, test } from 'vitest'
import { defineCommand, parseCommandLine, renderHelp } from '../../../scheduler/cli/command.ts'

const cook = defineCommand({
  name: 'cook',
  summary: 'Cook a dish.',
  details: 'It may take a while.',
  positionals: { name: 'DISH...', min: 1, max: 2 },
  options: {
    salt: { type: 'boolean', help: 'with salt' },
    pot: { type: 'string', short: 'p', value: 'SIZE', help: 'in which pot' },
    herb: { type: 'string', multiple: true, value: 'HERB', help: 'as many as you like' },
  },
  examples: [['anomaly-times cook soup --salt', 'the usual']],
  run: async () => 0,
})

test.each([
  { args: ['soup'], values: { salt: false, pot: undefined, herb: [] }, positionals: ['soup'] },
  { args: ['-p', '-', 'soup', '--salt'], values: { salt: true, pot: '-', herb: [] }, positionals: ['soup'] },
  {
    args: ['--herb=dill', '--herb', 'mint', 'a', 'b'],
    values: { salt: false, herb: ['dill', 'mint'] },
    positionals: ['a', 'b'],
  },
  { args: ['--', '--salt'], values: { salt: false, pot: undefined, herb: [] }, positionals: ['--salt'] },
])('$args gives $values and $positionals', ({ args, values, positionals }) => {
  expect(parseCommandLine(cook, args)).toEqual({ values: { pot: undefined, ...values }, positionals })
})

test.each([
  { args: [], detail: 'DISH... is missing' },
  { args: ['a', 'b', 'c'], detail: '"c" is one argument too many' },
  { args: ['a', '--slat'], detail: 'no option --slat; did you mean "--salt"?' },
  { args: ['a', '--constructor'], detail: 'no option --constructor' },
  { args: ['a', '--salt=yes'], detail: '--salt takes no value' },
  { args: ['a', '--pot'], detail: '--pot needs a value: --pot SIZE' },
  { args: ['a', '-p', '1', '--pot', '2'], detail: '--pot was given twice' },
])('$args is told: $detail', ({ args, detail }) => {
  expect(() => parseCommandLine(cook, args)).toThrow(`${detail}\nSee: anomaly-times cook --help`)
})

test('the help shows usage, options and examples', () => {
  expect(renderHelp(cook)).toBe(`Usage: anomaly-times cook DISH... [options]

Cook a dish.

It may take a while.

Options:
      --salt           with salt
  -p, --pot SIZE       in which pot
      --herb HERB ...  as many as you like

Examples:
  # the usual
  anomaly-times cook soup --salt`)
})
