import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { quoteWords } from "../../src/core/shell.js";
import type { MicroscopyEntry, MicroscopyList } from "../../src/model/page-api.js";
import { isNoDatabase, NoFrames } from "../microscopy/no-frames.js";
import { sizesText } from "../microscopy/sizes.js";
import { orAbsent } from "../parts/absent.js";
import { ask } from "../parts/api.js";
import { count, plural, shape } from "../parts/format.js";
import { useCommand, useCrumbs } from "../parts/page.js";
import { Answer } from "../parts/states.js";

/** Data sets of the microscopy catalogue, by id. */
export function Microscopy() {
  useCrumbs({ label: "Microscopy" });
  const chosen: Chosen = useSearch({ strict: false });
  const conditions = FIELDS.flatMap(({ name }) => (chosen[name] ? [[name, chosen[name]] as const] : []));
  const options = FIELDS.flatMap(({ name, option }) => (chosen[name] ? [option, chosen[name]] : []));
  useCommand({ line: quoteWords(["emporium", "catalog", "query", ...options]) });
  const asked = useInfiniteQuery({
    queryKey: ["microscopy list", conditions],
    queryFn: ({ pageParam, signal }) => {
      const query = new URLSearchParams(conditions.map(([name, value]) => [name, value]));
      if (pageParam !== "") query.set("after", pageParam);
      return ask<MicroscopyList>(`microscopy?${query}`, signal);
    },
    initialPageParam: "",
    getNextPageParam: ({ next }) => next,
  });
  const all = asked.data?.pages.flatMap(({ datasets }) => datasets);
  return (
    <div className="page">
      <h1>Microscopy</h1>
      {isNoDatabase(asked.error) ? (
        <NoFrames>No microscopy catalogue is open here: no location is a tree or the storage of an upload.</NoFrames>
      ) : (
        <>
          <Search key={JSON.stringify(conditions)} chosen={chosen} />
          <Answer asked={{ ...asked, data: all }}>
            {(datasets) =>
              datasets.length > 0 ? (
                <Table datasets={datasets} />
              ) : conditions.length > 0 ? (
                <p role="status">No data set fulfils all of these conditions.</p>
              ) : (
                <NoFrames>The microscopy catalogue has no data sets yet.</NoFrames>
              )
            }
          </Answer>
        </>
      )}
      {asked.hasNextPage && (
        <button type="button" disabled={asked.isFetchingNextPage} onClick={() => void asked.fetchNextPage()}>
          More data sets
        </button>
      )}
    </div>
  );
}

/** Fields of the form, as the options of `catalog query`; columns of a filter are the rest of them. */
const FIELDS = [
  { name: "description", option: "--description", title: "Description", width: 200, example: "a part of it" },
  { name: "where", option: "--where", title: "Where", width: 320, example: "nbr_slices >= 10 and microscope contains Titan" },
] as const;
type Chosen = Partial<Record<(typeof FIELDS)[number]["name"], string>>;

/** Form of the filters. They count when they are sent: half a filter is none. */
function Search({ chosen }: { chosen: Chosen }) {
  const navigate = useNavigate();
  const go = (form: HTMLFormElement) => {
    const typed = new FormData(form);
    const search = Object.fromEntries(FIELDS.map(({ name }) => [name, String(typed.get(name) ?? "").trim() || undefined]));
    void navigate({ to: ".", search, resetScroll: false });
  };
  return (
    <search>
      <form
        className="row wrap"
        onSubmit={(event) => {
          event.preventDefault();
          go(event.currentTarget);
        }}
      >
        {FIELDS.map(({ name, title, width, example }) => (
          <label key={name} className="row" style={{ maxWidth: "100%" }}>
            <span className="muted">{title}</span>
            <input
              name={name}
              type="search"
              defaultValue={chosen[name]}
              placeholder={example}
              style={{ flex: `0 1 ${width}px`, minWidth: 0 }}
            />
          </label>
        ))}
        <button type="submit">Search</button>
        {Object.values(chosen).some(Boolean) && (
          <button type="button" onClick={() => void navigate({ to: ".", search: {} })}>
            Clear all
          </button>
        )}
      </form>
    </search>
  );
}

function Table({ datasets }: { datasets: readonly MicroscopyEntry[] }) {
  return (
    <>
      <p role="status">{plural(datasets.length, "data set")}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled is scrolled by keys, too */}
      <section className="mic-list" aria-label="Data sets" tabIndex={0}>
        <table className="phone-cards">
          <thead>
            <tr>
              {["Data set", "Description", "Date", "Frames", "Axes", "Size", "Type", "Microscope"].map((title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {datasets.map(({ id, description, date, frames, microscope, file }) => (
              <tr key={id}>
                <th scope="row">
                  <Link to="/microscopy/$id" params={{ id }}>
                    {id}
                  </Link>
                </th>
                <td>{orAbsent(description)}</td>
                <td>{date.replace("T", " ")}</td>
                <td className="detail">{frames ? count(frames.count) : orAbsent(undefined, "one file, kept as it is")}</td>
                <td className="detail">{frames ? sizesText(frames.sizes) : file ? "one file" : orAbsent(undefined)}</td>
                <td className="detail">{orAbsent(frames && shape(frames.width, frames.height), "one file, kept as it is")}</td>
                <td className="detail">
                  {orAbsent(frames && `${frames.dtype}${frames.colours === 1 ? "" : ", colour"}`, "one file, kept as it is")}
                </td>
                <td className="detail">{orAbsent(microscope)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}
