/**
 * The replies of `/v1/models`, which Chat Completions and Responses share.
 */
export { list, one, read } from "../chat/Models.ts"
