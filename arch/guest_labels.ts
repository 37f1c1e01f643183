/** Placeholder until the assembly branch is merged. */
export type GuestLabel = string;
