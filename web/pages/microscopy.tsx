import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
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
  useCommand("emporium catalog query");
  const asked = useInfiniteQuery({
    queryKey: ["microscopy"],
    queryFn: ({ pageParam, signal }) =>
      ask<MicroscopyList>(`microscopy${pageParam === "" ? "" : `?${new URLSearchParams({ after: pageParam })}`}`, signal),
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
        <Answer asked={{ ...asked, data: all }}>
          {(datasets) =>
            datasets.length === 0 ? (
              <NoFrames>The microscopy catalogue has no data sets yet.</NoFrames>
            ) : (
              <Table datasets={datasets} />
            )
          }
        </Answer>
      )}
      {asked.hasNextPage && (
        <button type="button" disabled={asked.isFetchingNextPage} onClick={() => void asked.fetchNextPage()}>
          More data sets
        </button>
      )}
    </div>
  );
}

function Table({ datasets }: { datasets: readonly MicroscopyEntry[] }) {
  return (
    <>
      <p role="status">{plural(datasets.length, "data set")}</p>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what can be scrolled is scrolled by keys, too */}
      <section className="mic-list" aria-label="Data sets" tabIndex={0}>
        <table>
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
                <td>{frames ? count(frames.count) : orAbsent(undefined, "one file, kept as it is")}</td>
                <td>{frames ? sizesText(frames.sizes) : file ? "one file" : orAbsent(undefined)}</td>
                <td>{orAbsent(frames && shape(frames.width, frames.height), "one file, kept as it is")}</td>
                <td>
                  {orAbsent(frames && `${frames.dtype}${frames.colours === 1 ? "" : ", colour"}`, "one file, kept as it is")}
                </td>
                <td>{orAbsent(microscope)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </section>
    </>
  );
}
