"""Objects that xmltodict makes of XML documents, as the reference program keeps EMPIAR's.

    .cache/venv-peers/bin/python test/golden/portals/generate.py
"""

import json
from importlib.metadata import version
from pathlib import Path

import xmltodict

DOCUMENTS = [
    "<a/>",
    "<a></a>",
    "<a> \n </a>",
    "<a>text</a>",
    "<a>  text with  blanks \n and lines </a>",
    '<a b="1"/>',
    '<a b="1">text</a>',
    '<a b=""> </a>',
    "<a><b/></a>",
    "<a><b>1</b><b>2</b><c>3</c><b/></a>",
    "<a>before<b>in</b>behind</a>",
    "<a> before <b>in</b> behind </a>",
    "<a>&lt;&amp;&gt;&quot;&apos;&#181;&#xB5;</a>",
    '<a b="&lt;&amp;&quot;&#181;"/>',
    "<a><![CDATA[ <raw> &amp; kept ]]></a>",
    "<a>x<![CDATA[y]]>z</a>",
    '<?xml version="1.0" encoding="UTF-8"?>\n<!-- a note -->\n<a><!-- inside -->text<!-- two -->more</a>',
    '<x:a xmlns:x="urn:x" x:b="1"><x:c>2</x:c></x:a>',
    '<a xmlns="urn:y"><b>007</b><c>1.50</c><d>true</d><e>null</e></a>',
    "<a><b><c><d>deep</d></c></b></a>",
    "<a>\r\n<b>line\r\nend</b>\r\n</a>",
    "<a><b>µ Å °</b></a>",
    '<entry accessionCode="E"><keys><date>2024-01-15</date></keys><size units="GB">1.2</size><list/></entry>',
    "<a><length>3</length><name/></a>",
]

here = Path(__file__).parent
objects = [{"xml": xml, "object": xmltodict.parse(xml)} for xml in DOCUMENTS]
golden = {"writtenBy": f"xmltodict {version('xmltodict')}", "objects": objects}
(here / "xml-objects.json").write_text(json.dumps(golden, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
