/** `true` for types that are identical, `any` and `readonly` included; `false` for types that are merely assignable. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends (<T>() => T extends B ? 1 : 2) ? true : false

/** A claim about types, checked by the compiler: `expect<Equal<typeof io, Server>>()`. Never runs. */
export declare function expect<Claim extends true> (): Claim
