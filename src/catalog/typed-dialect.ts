import { type DatabaseConnection, type Driver, PostgresDialect, type PostgresDialectConfig } from "kysely";
import type { Place } from "../core/errors.js";
import { databaseError } from "./database-errors.js";

/** Kysely's dialect for PostgreSQL, all of whose errors are ours. */
export class TypedPostgresDialect extends PostgresDialect {
  readonly #place: Place;

  constructor(config: PostgresDialectConfig, place: Place) {
    super(config);
    this.#place = place;
  }

  override createDriver(): Driver {
    const driver = super.createDriver();
    const acquire = driver.acquireConnection.bind(driver);
    const typed = new WeakSet<DatabaseConnection>();
    driver.acquireConnection = async () => {
      const connection = await acquire().catch((error: unknown) => {
        throw databaseError(error, this.#place);
      });
      if (!typed.has(connection)) typed.add(typeErrors(connection, this.#place));
      return connection;
    };
    return driver;
  }
}

/** The driver keeps one object for each connection and recognises it when it is given back, so its method is changed in place. */
function typeErrors(connection: DatabaseConnection, place: Place): DatabaseConnection {
  const execute = connection.executeQuery.bind(connection);
  connection.executeQuery = async (query) => {
    try {
      return await execute(query);
    } catch (error) {
      throw databaseError(error, place);
    }
  };
  return connection;
}
