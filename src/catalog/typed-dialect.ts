import { type DatabaseConnection, type Driver, PostgresDialect, type PostgresPool, type PostgresPoolClient } from "kysely";
import type pg from "pg";
import type { Place } from "../core/errors.js";
import { databaseError } from "./database-errors.js";

/** Kysely's dialect for PostgreSQL, all of whose errors are ours. */
export class TypedPostgresDialect extends PostgresDialect {
  readonly #place: Place;

  constructor({ pool }: { pool: pg.Pool }, place: Place) {
    super({ pool: withoutTheDead(pool) });
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

/** A session that the server has ended seems usable until its socket closes: the pool must not hand it out again. */
function withoutTheDead(pool: pg.Pool): PostgresPool {
  const guards = new WeakMap<pg.PoolClient, PostgresPoolClient>();
  const guard = (client: pg.PoolClient): PostgresPoolClient => {
    let dead = false;
    const query = async (text: string, parameters: readonly unknown[]) => {
      try {
        return await client.query(text, [...parameters]);
      } catch (error) {
        dead ||= databaseError(error).code === "DATABASE_UNAVAILABLE";
        throw error;
      }
    };
    // the other form of a query, a cursor, is not asked for by this dialect
    return { query: query as unknown as PostgresPoolClient["query"], release: () => client.release(dead) };
  };
  return {
    end: () => pool.end(),
    async connect() {
      const client = await pool.connect();
      const known = guards.get(client) ?? guard(client); // the driver knows sessions by their objects
      guards.set(client, known);
      return known;
    },
  };
}
