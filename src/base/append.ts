/**
 * Adds all of `more` at the end. A `push` of them by dots takes each as an argument, of which the engine's stack holds
 * little more than a hundred thousand: with more it throws "Maximum call stack size exceeded".
 */
export function append<T>(to: T[], more: Iterable<T>): void {
  for (const one of more) to.push(one);
}
