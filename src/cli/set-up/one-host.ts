/** Told by `init` and `doctor` where one host has every role (promise 8). */
export const oneHostHasAllRoles: readonly string[] = [
  "This host is worker, verifier and restorer at once: whoever owns it can read every backup it has made,",
  "so promise 8 (a host that only backs up cannot read what it wrote yesterday) does not hold here.",
  "For that promise run workers on hosts of their own and keep the identities of verifiers and restorers elsewhere.",
];
