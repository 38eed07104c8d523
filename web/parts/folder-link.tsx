import { Link } from "@tanstack/react-router";
import { useServer } from "./queries.js";

/** Link to everything that lies in a folder of the tree. */
export function FolderLink({ folder, children = "All files of it" }: { folder: string; children?: React.ReactNode }) {
  const place = useServer().data?.catalogue?.place;
  if (place === undefined) return null;
  return (
    <p>
      <Link to="/browse/$place/$" params={{ place, _splat: folder }}>
        {children}
      </Link>
    </p>
  );
}
