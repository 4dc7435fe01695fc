/** What is publicly known of models: prices and limits by provider, with the version and the licence of their source. */
export * as Catalogue from "./Catalogue.ts"
export * as CatalogueData from "./CatalogueData.ts"
