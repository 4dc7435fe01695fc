/** Every migration of a ledger in PostgreSQL, in order, named and numbered as those of the file. One that was released is never changed. */
import * as Migrator from "effect/sql/Migrator"
import * as Replays0006 from "../../migrations/Replays0006.ts"
import * as Accounts0003 from "./Accounts0003.ts"
import * as ApiKeys0008 from "./ApiKeys0008.ts"
import * as AttemptCredentials0014 from "./AttemptCredentials0014.ts"
import * as Bodies0010 from "./Bodies0010.ts"
import * as Chain0007 from "./Chain0007.ts"
import * as Credentials0013 from "./Credentials0013.ts"
import * as Effort0015 from "./Effort0015.ts"
import * as Exchanges0001 from "./Exchanges0001.ts"
import * as ExtensionStorage0017 from "./ExtensionStorage0017.ts"
import * as Filters0011 from "./Filters0011.ts"
import * as Owners0002 from "./Owners0002.ts"
import * as RollupDays0012 from "./RollupDays0012.ts"
import * as Rollups0009 from "./Rollups0009.ts"
import * as Savings0005 from "./Savings0005.ts"
import * as UsageSinks0016 from "./UsageSinks0016.ts"
import * as Writers0004 from "./Writers0004.ts"

/** Numbered and named, as the migrator records them. */
export const loader = Migrator.fromRecord({
  "0001_exchanges": Exchanges0001.migration,
  "0002_owners": Owners0002.migration,
  "0003_accounts": Accounts0003.migration,
  "0004_writers": Writers0004.migration,
  "0005_savings": Savings0005.migration,
  "0006_replays": Replays0006.migration,
  "0007_chain": Chain0007.migration,
  "0008_api_keys": ApiKeys0008.migration,
  "0009_rollups": Rollups0009.migration,
  "0010_bodies": Bodies0010.migration,
  "0011_filters": Filters0011.migration,
  "0012_rollup_days": RollupDays0012.migration,
  "0013_credentials": Credentials0013.migration,
  "0014_attempt_credentials": AttemptCredentials0014.migration,
  "0015_effort": Effort0015.migration,
  "0016_usage_sinks": UsageSinks0016.migration,
  "0017_extension_storage": ExtensionStorage0017.migration
})
