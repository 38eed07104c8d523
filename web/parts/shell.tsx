import { Link, Outlet } from "@tanstack/react-router";

/** Header, page, foot: on every page. */
export function Shell() {
  return (
    <>
      <a className="skip" href="#main">
        To the content
      </a>
      <header className="header">
        <Link to="/">emporium</Link>
      </header>
      <main id="main">
        <Outlet />
      </main>
    </>
  );
}
