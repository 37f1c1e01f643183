/**
 * What stands between a policy and its host.
 *
 * @module
 */
export { describeFault, plainText, type PolicyFault } from "./fault.ts";
export { type Awakening, type HostOptions, SoundPolicy } from "./sound_policy.ts";
