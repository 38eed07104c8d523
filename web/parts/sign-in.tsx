import { useQueryClient } from "@tanstack/react-query";
import { type SubmitEvent, useState } from "react";
import type { ServerFacts } from "../../src/model/page-api.js";
import { session } from "./access.js";
import { AnswerError } from "./api.js";
import { keepToken } from "./token.js";

/** Takes a token that somebody was given, or puts away the one that is here. */
export function SignIn({ facts: { access, holder } }: { facts: ServerFacts }) {
  const queries = useQueryClient();
  const [error, setError] = useState<string>();
  const name = holder?.name ?? access?.viewer;
  const keep = async (token: string) => {
    keepToken(token);
    setError(undefined);
    try {
      if (access) await session(token === "" ? "DELETE" : "POST");
    } catch (thrown) {
      keepToken("");
      const isUnknown = thrown instanceof AnswerError && thrown.status === 401;
      setError(isUnknown ? "The server does not know this token." : (thrown as Error).message);
    }
    await queries.invalidateQueries();
  };
  if (name !== undefined)
    return (
      <p className="row wrap">
        {access && <span>You see what {name} may see.</span>}
        <button type="button" onClick={() => void keep("")}>
          {access ? "Sign out" : "Put the token away"}
        </button>
      </p>
    );
  const submit = (event: SubmitEvent) => {
    event.preventDefault();
    void keep(String(new FormData(event.target as HTMLFormElement).get("token")).trim());
  };
  return (
    <>
      <form className="row wrap" onSubmit={submit}>
        <label className="row">
          Token <input name="token" type="password" autoComplete="off" required pattern="[!-~]{32,1024}" />
        </label>
        <button type="submit">{access ? "Sign in" : "Use it in this tab"}</button>
      </form>
      {error !== undefined && (
        <p className="bad" role="alert">
          {error}
        </p>
      )}
    </>
  );
}
