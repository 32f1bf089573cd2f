/** What a folder probably is that lacks config.json or model.safetensors, by what it has; undefined where nothing tells. */
export function explainLacking(names: readonly string[]): string | undefined {
  if (names.some((name) => name.startsWith('adapter_'))) return unmergedAdapter
  if (names.includes('model.safetensors.index.json')) return 'weights in several files are not read: save them in one'
  if (names.includes('pytorch_model.bin')) return 'pytorch_model.bin is not read: save the model as safetensors'
  return undefined
}

export const unmergedAdapter =
  'it is a LoRA adapter: merge it into its base model first, by merge_and_unload() of peft, and save the whole model'
