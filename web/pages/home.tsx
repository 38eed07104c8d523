import { useServer } from "../parts/queries.js";

/** What is served here. */
export function Home() {
  const { data, error } = useServer();
  if (error) return <p role="alert">{error.message}</p>;
  return (
    <>
      <h1>emporium</h1>
      <ul>
        {data?.places.map(({ id, name, kind }) => (
          <li key={id}>
            {name} ({kind})
          </li>
        ))}
      </ul>
    </>
  );
}
