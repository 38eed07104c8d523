"""The queries of catalog-queries.mjs through SQLAlchemy, beside emporium's on the same server.

python3 catalog.py < requests

The first line of standard input is the database's address. Each further line is a JSON object `{"query": NAME, "args": {…}}` and is answered by a line
`{"ms": …, "answer": …}`: the time is that of building the statements, running them and making JSON of their rows, without the pipe. Related rows of a
page are loaded by one more statement a relation, `where key in (…)`, as the portal's backend and `selectinload` do. The answers are those of the GraphQL
queries, so they can be compared. A statement may take as long as one of emporium's readers: 5 s.
"""
import json
import sys
import time

from sqlalchemy import Float, MetaData, cast, create_engine, exists, func, select

engine = create_engine(sys.stdin.readline().strip(), pool_size=1, connect_args={"options": "-c timezone=UTC -c statement_timeout=5000"})
portal, microscopy = MetaData(schema="emporium_portal"), MetaData(schema="emporium_microscopy")
with engine.connect() as connection:
    portal.reflect(connection)
    microscopy.reflect(connection)


def table(name):
    return portal.tables[f"emporium_portal.{name}"]


deposition, dataset, dataset_author, run = table("deposition"), table("dataset"), table("dataset_author"), table("run")
tiltseries, tomogram = table("tiltseries"), table("tomogram")
annotation, annotation_author = table("annotation"), table("annotation_author")
shape, file = table("annotation_shape"), table("annotation_file")
data_set = microscopy.tables["emporium_microscopy.data_set"]
frames_global, frames = microscopy.tables["emporium_microscopy.frames_global"], microscopy.tables["emporium_microscopy.frames"]
AUTHOR = (("name", "name"), ("primaryAuthorStatus", "primary_author_status"), ("correspondingAuthorStatus", "corresponding_author_status"))


def moment(value):
    return value.isoformat()


def grouped(connection, statement):
    """Rows of a second statement by the key that its first column is."""
    rows = {}
    for key, *rest in connection.execute(statement):
        rows.setdefault(key, []).append(rest)
    return rows


def authors_of(connection, of, key, ids):
    columns = [of.c[name] for _, name in AUTHOR]
    found = grouped(connection, select(of.c[key], *columns).where(of.c[key].in_(ids)).order_by(of.c.author_list_order, of.c.id))
    return lambda id: edges([dict(zip([name for name, _ in AUTHOR], row)) for row in found.get(id, [])])


def edges(nodes):
    return {"edges": [{"node": node} for node in nodes]}


def counted(count):
    return {"aggregate": [{"count": count}] if count else []}


def total(connection, statement):
    return {"aggregate": [{"count": connection.scalar(statement)}]}


def groups(connection, name, column, *conditions, source=None):
    statement = select(func.count(), column).select_from(source if source is not None else column.table)
    rows = connection.execute(statement.where(*conditions).group_by(column).order_by(column))
    return {"aggregate": [{"count": count, "groupBy": {name: value}} for count, value in rows]}


def titles(connection, ids):
    return dict(connection.execute(select(dataset.c.id, dataset.c.title).where(dataset.c.id.in_(ids))).tuples().all())


def datasets_page(connection, offset):
    c = dataset.c
    page = select(c.id, c.title, c.organism_name, c.release_date, c.related_database_entries)
    rows = connection.execute(page.order_by(c.release_date.desc().nulls_first(), c.id).limit(25).offset(offset)).all()
    ids = [row.id for row in rows]
    authors = authors_of(connection, dataset_author, "dataset_id", ids)
    runs = grouped(connection, select(run.c.dataset_id, func.count()).where(run.c.dataset_id.in_(ids)).group_by(run.c.dataset_id))
    return {"datasets": [
        {"id": row.id, "title": row.title, "organismName": row.organism_name, "releaseDate": moment(row.release_date),
         "relatedDatabaseEntries": row.related_database_entries, "authors": authors(row.id),
         "runsAggregate": counted(runs.get(row.id, [[0]])[0][0])} for row in rows]}


def runs_page(connection, dataset_id, offset):
    belongs = exists().where(dataset.c.id == run.c.dataset_id, dataset.c.id == dataset_id)
    page = select(run.c.id, run.c.name, run.c.dataset_id).where(belongs).order_by(run.c.name.asc().nulls_last(), run.c.id)
    rows = connection.execute(page.limit(25).offset(offset)).all()
    ids = [row.id for row in rows]
    of = titles(connection, {row.dataset_id for row in rows})
    series = grouped(connection, select(tiltseries.c.run_id, tiltseries.c.tilt_series_quality, tiltseries.c.camera_model)
                     .where(tiltseries.c.run_id.in_(ids)).order_by(tiltseries.c.id))
    volumes = grouped(connection, select(tomogram.c.run_id, tomogram.c.id, tomogram.c.processing, tomogram.c.voxel_spacing)
                      .where(tomogram.c.run_id.in_(ids)).order_by(tomogram.c.id))
    counts = grouped(connection, select(annotation.c.run_id, func.count()).where(annotation.c.run_id.in_(ids)).group_by(annotation.c.run_id))
    return {"runs": [
        {"id": row.id, "name": row.name, "dataset": {"title": of[row.dataset_id]},
         "tiltseries": edges([{"tiltSeriesQuality": quality, "cameraModel": camera} for quality, camera in series.get(row.id, [])[:1]]),
         "tomograms": edges([{"id": id, "processing": processing, "voxelSpacing": spacing} for id, processing, spacing in volumes.get(row.id, [])]),
         "annotationsAggregate": counted(counts.get(row.id, [[0]])[0][0])} for row in rows]}


def runs_by_name(connection, offset):
    c = run.c
    rows = connection.execute(select(c.id, c.name, c.s3_prefix, c.dataset_id).order_by(c.name.desc().nulls_first(), c.id).limit(25).offset(offset)).all()
    of = {row.id: row for row in connection.execute(select(dataset.c.id, dataset.c.title, dataset.c.deposition_id)
                                                     .where(dataset.c.id.in_({row.dataset_id for row in rows})))}
    from_ = dict(connection.execute(select(deposition.c.id, deposition.c.title)
                                    .where(deposition.c.id.in_({one.deposition_id for one in of.values()}))).tuples().all())
    return {"runs": [
        {"id": row.id, "name": row.name, "s3Prefix": row.s3_prefix,
         "dataset": {"id": row.dataset_id, "title": of[row.dataset_id].title, "deposition": {"title": from_[of[row.dataset_id].deposition_id]}}}
        for row in rows]}


def runs_of(connection, ids):
    return {row.id: row for row in connection.execute(select(run.c.id, run.c.name, run.c.dataset_id).where(run.c.id.in_(ids)))}


def annotations_page(connection, offset):
    c = annotation.c
    page = select(c.id, c.object_name, c.object_id, c.method_type, c.release_date, c.run_id)
    rows = connection.execute(page.order_by(c.release_date.desc().nulls_first(), c.id).limit(25).offset(offset)).all()
    ids = [row.id for row in rows]
    runs = runs_of(connection, {row.run_id for row in rows})
    of = titles(connection, {one.dataset_id for one in runs.values()})
    authors = authors_of(connection, annotation_author, "annotation_id", ids)
    shapes = grouped(connection, select(shape.c.annotation_id, shape.c.id, shape.c.shape_type).where(shape.c.annotation_id.in_(ids)).order_by(shape.c.id))
    files = grouped(connection, select(file.c.annotation_shape_id, file.c.format, file.c.https_path)
                    .where(file.c.annotation_shape_id.in_([one[0] for some in shapes.values() for one in some])).order_by(file.c.id))

    def shape_node(id, kind):
        return {"shapeType": kind, "annotationFiles": edges([{"format": format, "httpsPath": path} for format, path in files.get(id, [])])}

    return {"annotations": [
        {"id": row.id, "objectName": row.object_name, "objectId": row.object_id, "methodType": row.method_type, "releaseDate": moment(row.release_date),
         "run": {"name": runs[row.run_id].name, "dataset": {"id": runs[row.run_id].dataset_id, "title": of[runs[row.run_id].dataset_id]}},
         "authors": authors(row.id), "annotationShapes": edges([shape_node(*one) for one in shapes.get(row.id, [])])} for row in rows]}


def annotations_of_a_run(connection, dataset_id, name):
    belongs = exists().where(dataset.c.id == run.c.dataset_id, dataset.c.id == dataset_id)
    here = exists().where(run.c.id == annotation.c.run_id, run.c.name == name, belongs)
    c = annotation.c
    rows = connection.execute(select(c.id, c.object_name).where(here).order_by(c.object_name.asc().nulls_last(), c.id).limit(25)).all()
    shapes = grouped(connection, select(shape.c.annotation_id, shape.c.shape_type).where(shape.c.annotation_id.in_([row.id for row in rows])).order_by(shape.c.id))
    return {"annotations": [
        {"id": row.id, "objectName": row.object_name, "annotationShapes": edges([{"shapeType": kind} for (kind,) in shapes.get(row.id, [])])} for row in rows]}


def annotations_by_object(connection, object_name):
    c = annotation.c
    page = select(c.id, c.object_name, c.deposition_date, c.run_id).where(c.object_name == object_name)
    rows = connection.execute(page.order_by(c.deposition_date.desc().nulls_first(), c.id).limit(25)).all()
    runs = runs_of(connection, {row.run_id for row in rows})
    return {"annotations": [
        {"id": row.id, "objectName": row.object_name, "depositionDate": moment(row.deposition_date),
         "run": {"id": row.run_id, "name": runs[row.run_id].name}} for row in rows]}


def browse_facets(connection):
    return {
        "organisms": groups(connection, "organismName", dataset.c.organism_name),
        "cameras": groups(connection, "cameraManufacturer", tiltseries.c.camera_manufacturer),
        "methods": groups(connection, "reconstructionMethod", tomogram.c.reconstruction_method),
        "objects": groups(connection, "objectName", annotation.c.object_name),
        "software": groups(connection, "annotationSoftware", annotation.c.annotation_software),
        "shapes": groups(connection, "shapeType", shape.c.shape_type),
        "annotations": total(connection, select(func.count()).select_from(annotation)),
    }


def objects_of_a_dataset(connection, dataset_id):
    here = exists().where(run.c.id == annotation.c.run_id, run.c.dataset_id == dataset_id)
    return {"annotationsAggregate": groups(connection, "objectName", annotation.c.object_name, here)}


def runs_with_object(connection, object_name):
    has = exists().where(annotation.c.run_id == run.c.id, annotation.c.object_name == object_name)
    rows = connection.execute(select(run.c.id, run.c.name, run.c.dataset_id).where(has).order_by(run.c.id).limit(25)).all()
    of = titles(connection, {row.dataset_id for row in rows})
    return {"runs": [{"id": row.id, "name": row.name, "dataset": {"title": of[row.dataset_id]}} for row in rows],
            "runsAggregate": total(connection, select(func.count()).select_from(run).where(has))}


def datasets_with_objects(connection, objects):
    has = exists().where(annotation.c.run_id == run.c.id, annotation.c.object_name.in_(objects))
    found = exists().where(run.c.dataset_id == dataset.c.id, has)
    rows = connection.execute(select(dataset.c.id, dataset.c.title).where(found)
                              .order_by(dataset.c.release_date.desc().nulls_first(), dataset.c.id).limit(25)).all()
    return {"datasets": [{"id": row.id, "title": row.title} for row in rows],
            "datasetsAggregate": total(connection, select(func.count()).select_from(dataset).where(found))}


def datasets_with_shape(connection, kind, object_name):
    of_kind = exists().where(shape.c.annotation_id == annotation.c.id, shape.c.shape_type == kind)
    named = (annotation.c.run_id == run.c.id, annotation.c.object_name == object_name)
    page = exists().where(run.c.dataset_id == dataset.c.id, exists().where(*named, of_kind))
    whole = exists().where(run.c.dataset_id == dataset.c.id, exists().where(*named))
    rows = connection.execute(select(dataset.c.id, dataset.c.title).where(page).order_by(dataset.c.id).limit(25)).all()
    return {"datasets": [{"id": row.id, "title": row.title} for row in rows],
            "datasetsAggregate": total(connection, select(func.count()).select_from(dataset).where(whole))}


def objects_by_organism(connection, organism):
    of = exists().where(dataset.c.id == run.c.dataset_id, dataset.c.organism_name == organism)
    here = exists().where(run.c.id == annotation.c.run_id, of)
    return {"annotationsAggregate": groups(connection, "objectName", annotation.c.object_name, here)}


def objects_by_text(connection, text):
    like = annotation.c.object_name.ilike(text)
    rows = connection.execute(select(annotation.c.id, annotation.c.object_name).where(like).order_by(annotation.c.id).limit(25))
    return {"annotations": [{"id": row.id, "objectName": row.object_name} for row in rows],
            "annotationsAggregate": groups(connection, "objectName", annotation.c.object_name, like)}


def facets_of_datasets(connection, offset):
    c = dataset.c
    ids = connection.scalars(select(c.id).order_by(c.release_date.desc().nulls_first(), c.id).limit(10).offset(offset)).all()
    found = grouped(connection, select(run.c.dataset_id, func.count(), annotation.c.object_name).join(annotation, annotation.c.run_id == run.c.id)
                    .where(run.c.dataset_id.in_(ids)).group_by(run.c.dataset_id, annotation.c.object_name).order_by(annotation.c.object_name))
    return {"datasets": [
        {"id": id, "distinctObjectNames": {"aggregate": [
            {"count": count, "groupBy": {"annotations": {"objectName": name}}} for count, name in found.get(id, [])]}} for id in ids]}


def where_query(connection, conditions):
    """Serials of the data sets that fulfil conditions `[of, path, operator, value]`, those on frames all of one frame."""
    statement = select(data_set.c.dataset_serial).join(frames_global, frames_global.c.dataset_id == data_set.c.id)
    of_frames = [condition_of(frames.c.metadata_json, *rest) for of, *rest in conditions if of == "frame"]
    for of, path, operator, value in conditions:
        if of == "metadata":
            statement = statement.where(condition_of(frames_global.c.metadata_json, path, operator, value))
        elif of == "column":
            statement = statement.where(frames_global.c[path[0]] >= value)
    if of_frames:
        statement = statement.where(exists().where(frames.c.frames_global_id == frames_global.c.id, *of_frames))
    return list(connection.scalars(statement.order_by(data_set.c.dataset_serial)))


def condition_of(document, path, operator, value):
    if operator == "=":
        nested = value
        for key in reversed(path):
            nested = {key: nested}
        return document.contains(nested)
    if operator == "contains":
        return document[tuple(path)].astext.contains(value, autoescape=True)
    number = cast(document[tuple(path)].astext, Float)
    return number >= value if operator == ">=" else number < value


RENAMED = {"dataset": "dataset_id", "object": "object_name", "shape": "kind"}

for line in sys.stdin:
    request = json.loads(line)
    ask = globals()[request["query"]]
    args = {RENAMED.get(name, name): value for name, value in request["args"].items()}
    start = time.perf_counter()
    try:
        with engine.connect() as connection:
            text = json.dumps(ask(connection, **args))
    except Exception as error:  # a statement that took too long is a result too
        text = json.dumps({"error": str(error).splitlines()[0]})
    print(f'{{"ms": {(time.perf_counter() - start) * 1000:.3f}, "answer": {text}}}', flush=True)
