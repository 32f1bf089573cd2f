/** Why covariates or groups are refused, wherever somebody asks for them. */
export function takesNoCovariates(model: string): string {
  return `model ${model} forecasts each series by itself; chronos-2 and chronos-2-small take covariates and groups: anomaly-times models pull chronos-2, then name the model chronos-2`
}
