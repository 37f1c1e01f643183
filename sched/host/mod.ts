/**
 * What stands between a policy and its host.
 *
 * @module
 */
export type { Awakening } from "./awakening.ts";
export { describeFault, plainText, type PolicyFault } from "./fault.ts";
export type { HostOptions } from "./options.ts";
export { SoundPolicy } from "./sound_policy.ts";
