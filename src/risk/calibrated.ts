/** Written by `npm run calibrate` from docs/calibration.json, whose SHA-256 it names. */
export const CALIBRATION = {
  digest: 'sha256:a43a1ac781ed97064ec628d6c56e2cbaef3e1f12046414187ccbf04dfcc4aa1b',
  claims: [
    '95 % posterior intervals held the truth in 95.4 % of logs on average over 144 cells of 500 logs (least 90.6 %)',
    '95 % Clopper-Pearson intervals held it in 92 % at least',
    '95 % predictive intervals held the losses of the next 200 cases in 97.5 % on average (least 93.2 %), and those of 8640 rolling windows in 97.5 %',
    'the mean was at most 1.259 times the truth, wherever a mean was said',
    'forecasts of running cases: Brier skill 0.07923 against the base rate, 1.011 losses forecast for each that happened',
  ],
} as const;
