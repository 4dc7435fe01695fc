/** Random canonical values, the laws every dialect keeps, what a run has covered, and a scripted provider that misbehaves. */
export * as Arbitraries from "./Arbitraries.ts"
export * as CanonicalForm from "./CanonicalForm.ts"
export * as Coverage from "./Coverage.ts"
export * as IdentityProvider from "./IdentityProvider.ts"
export * as Laws from "./Laws.ts"
export * as Simulator from "./Simulator.ts"
