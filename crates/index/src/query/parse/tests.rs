//! The grammar as data: a query, and what it is read as or what is said about it.

use jiff::Zoned;

use crate::query::Query;

/// Friday, 3 May 2024, 10:11:12 in Berlin (UTC+2).
fn now() -> Zoned {
    "2024-05-03T10:11:12[Europe/Berlin]".parse().unwrap()
}

#[track_caller]
fn check(query: &str, expected: &str) {
    let read = match Query::parse(query, &now()) {
        Ok(read) => read.expr().to_string(),
        Err(error) => error.to_string(),
    };
    assert_eq!(read, expected, "{query}");
}

/// An error of four lines, given as its parts.
#[track_caller]
fn check_error(query: &str, message: &str, carets: &str, hint: &str) {
    check(
        query,
        &format!("the query is not understood: expected {message}\n  {query}\n  {carets}\n  {hint}"),
    );
}

#[test]
fn words_and_operators() {
    check("", "all");
    check("  \t\n", "all");
    check("foo", r#"name:"foo""#);
    check(" foo  bar ", r#"(and name:"foo" name:"bar")"#);
    check("a b|c d", r#"(or (and name:"a" name:"b") (and name:"c" name:"d"))"#);
    check("a (b | c)", r#"(and name:"a" (or name:"b" name:"c"))"#);
    check("a|b|c", r#"(or name:"a" name:"b" name:"c")"#);
    check("!a", r#"(not name:"a")"#);
    check("! a b", r#"(and (not name:"a") name:"b")"#);
    check("!!a", r#"name:"a""#);
    check("!(a b)", r#"(not (and name:"a" name:"b"))"#);
    check("a!b", r#"name:"a!b""#);
    check("((a))", r#"name:"a""#);
    check("größe 日本", r#"(and name:"größe" name:"日本")"#);
}

#[test]
fn quotes_and_wildcards() {
    check(r#""a b""#, r#"name:"a b""#);
    check(r#""a*b""#, r#"name:"a*b""#);
    check(r#""a \"b\" \\ \c""#, r#"name:"a \"b\" \\ \\c""#);
    check("*.pdf", r#"name:=*".pdf""#);
    check("a?c***d", r#"name:="a"?"c"*"d""#);
    check(r#"*"(1)".txt"#, r#"name:=*"(1).txt""#);
    check("*", "name:=*");
    check(r"C\d", r#"name:"C\\d"'"#);
    check("1:2", r#"name:"1:2""#);
    check("a.b:c", r#"name:"a.b:c""#);
    check(r#""C:""#, r#"name:"C:"'"#);
    check("path:src/", r#"path:"src/""#);
    check("path:src/*.rs", r#"path:=*"/src/"*".rs""#);
    check("src/main !/tmp", r#"(and path:"src/main" (not path:"/tmp"))"#);
    check(r#"path:"/Program Files (x86)/""#, r#"path:"/Program Files (x86)/"'"#);
    check("path:*/src/*.rs", r#"path:=*"/src/"*".rs""#);
    check("exact:readme", r#"name:="readme""#);
    check("NAME:x", r#"name:"x""#);
}

#[test]
fn case() {
    check("Foo", r#"name:"Foo"'"#);
    check("É", r#"name:"É"'"#);
    check("case:foo", r#"name:"foo"'"#);
    check("nocase:Foo Bar", r#"(and name:"Foo" name:"Bar"')"#);
    check("case:(foo | path:bar) baz", r#"(and (or name:"foo"' path:"bar"') name:"baz")"#);
    check("case:(nocase:A b)", r#"(and name:"A" name:"b"')"#);
    check("case:ext:PDF", r#"ext:="PDF"'"#);
    check("ext:PDF", r#"ext:="PDF""#);
}

#[test]
fn lists() {
    check("ext:pdf;docx", r#"ext:="pdf";="docx""#);
    check("ext:pdf,docx", r#"ext:="pdf";="docx""#);
    check("ext:", "ext:=");
    check("ext: foo", r#"(and ext:= name:"foo")"#);
    check("ext:.jp*g", r#"ext:="jp"*"g""#);
    check("type:file", "type:FILE");
    check("type:file;link", "type:FILE | LINK");
    check("type:file|folder|Stream", "type:FILE | FOLDER | STREAM");
    check("type:file|folder.txt", r#"(or type:FILE name:"folder.txt")"#);
    check("type:file | folder", r#"(or type:FILE name:"folder")"#);
    check("(type:file|link)", "type:FILE | LINK");
    check("attrib:rH", "attrib:0x3");
    check("deleted: !metafile: orphan: damaged:", "(and Deleted (not Metafile) Orphan Damaged)");
}

#[test]
fn numbers() {
    check("size:>10mb", "Size:10485761..=18446744073709551615");
    check("size:>=10mb", "Size:10485760..=18446744073709551615");
    check("size:<1kb", "Size:0..=1023");
    check("size:<=1kb", "Size:0..=1024");
    check("size:<0", "Size:1..=0");
    check("size:1kb", "Size:1024..=2047");
    check("size:=1KiB", "Size:1024..=1024");
    check("size:1.5kb", "Size:1536..=1637");
    check("size:1.6kb", "Size:1638..=1739");
    check("size:0b", "Size:0..=0");
    check("size:empty", "Size:0..=0");
    check("size:1kb..2mb", "Size:1024..=2097152");
    check("size:1kb..", "Size:1024..=18446744073709551615");
    check("size:..2m", "Size:0..=2097152");
    check("size:1.5k..2.5k", "Size:1536..=2560");
    check("size:18446744073709551615", "Size:18446744073709551615..=18446744073709551615");
    check("size:>18446744073709551615", "Size:1..=0");
    check("allocated:1t", "Allocated:1099511627776..=2199023255551");
    check("links:>1", "Links:2..=18446744073709551615");
    check("record:5", "Record:5..=5");
    check("len:200..", "Length:200..=18446744073709551615");
    check("depth:<3", "Depth:0..=2");
}

/// FILETIME of a moment.
fn ticks(moment: &str) -> i128 {
    let moment: jiff::Timestamp = moment.parse().unwrap();
    moment.as_nanosecond() / 100 + 116_444_736_000_000_000
}

/// The term is from the first moment to just before the second.
#[track_caller]
fn check_interval(query: &str, from: &str, before: &str) {
    let (first, last) = (ticks(from), ticks(before) - 1);
    check(&format!("dm:{query}"), &format!("Modified:{first}..={last}"));
}

#[test]
fn dates_are_intervals() {
    check_interval("2024", "2024-01-01T00:00+01", "2025-01-01T00:00+01");
    check_interval("2024-05", "2024-05-01T00:00+02", "2024-06-01T00:00+02");
    check_interval("2024-02-29", "2024-02-29T00:00+01", "2024-03-01T00:00+01");
    check_interval("2024-05-03T10", "2024-05-03T10:00+02", "2024-05-03T11:00+02");
    check_interval("2024-05-03T10:20", "2024-05-03T10:20+02", "2024-05-03T10:21+02");
    check_interval("2024-05-03t10:20:30", "2024-05-03T10:20:30+02", "2024-05-03T10:20:31+02");
    check_interval("2024-05-03T10:20:30Z", "2024-05-03T10:20:30Z", "2024-05-03T10:20:31Z");
    check_interval("2024-05-03T10:20:30.25Z", "2024-05-03T10:20:30.25Z", "2024-05-03T10:20:30.26Z");
    check_interval("2024-05..2024-07", "2024-05-01T00:00+02", "2024-08-01T00:00+02");
    // The day on which clocks go forward has 23 hours, and one of its hours does not exist.
    check_interval("2024-03-31", "2024-03-31T00:00+01", "2024-04-01T00:00+02");
    check_interval("2024-10-27T02", "2024-10-27T02:00+02", "2024-10-27T03:00+01");
}

#[test]
fn dates_by_name() {
    check_interval("today", "2024-05-03T00:00+02", "2024-05-04T00:00+02");
    check_interval("Yesterday", "2024-05-02T00:00+02", "2024-05-03T00:00+02");
    check_interval("thisweek", "2024-04-29T00:00+02", "2024-05-06T00:00+02");
    check_interval("lastweek", "2024-04-22T00:00+02", "2024-04-29T00:00+02");
    check_interval("thismonth", "2024-05-01T00:00+02", "2024-06-01T00:00+02");
    check_interval("lastmonth", "2024-04-01T00:00+02", "2024-05-01T00:00+02");
    check_interval("thisyear", "2024-01-01T00:00+01", "2025-01-01T00:00+01");
    check_interval("lastyear", "2023-01-01T00:00+01", "2024-01-01T00:00+01");
    let after = "2024-05-03T10:11:12.0000001+02";
    check_interval("last7days", "2024-04-26T10:11:12+02", after);
    check_interval("last1hour", "2024-05-03T09:11:12+02", after);
    check_interval("last3months", "2024-02-03T10:11:12+01", after);
    check_interval("yesterday..today", "2024-05-02T00:00+02", "2024-05-04T00:00+02");
}

#[test]
fn dates_are_compared_by_their_ends() {
    let last = ticks("9999-12-30T00:00Z") + 2 * 864_000_000_000 - 1;
    let check_from = |query: &str, from: i128| check(query, &format!("Created:{from}..={last}"));
    check_from("dc:>2024-05", ticks("2024-06-01T00:00+02"));
    check_from("dc:>=2024-05", ticks("2024-05-01T00:00+02"));
    check_from("created:2024-05..", ticks("2024-05-01T00:00+02"));
    let check_to = |query: &str, before: &str| check(query, &format!("Accessed:1..={}", ticks(before) - 1));
    check_to("da:<2024-05", "2024-05-01T00:00+02");
    check_to("da:<=2024-05", "2024-06-01T00:00+02");
    check_to("accessed:..2024-05", "2024-06-01T00:00+02");
    check("dr:1601-01-01T00:00Z", "Changed:1..=599999999");
    check("dr:9999", &format!("Changed:{}..={last}", ticks("9998-12-31T23:00Z")));
    check(
        "dr:9999-12-31T00:00",
        &format!("Changed:{}..={}", last + 1 - 864_000_000_000, last - 863_400_000_000),
    );
    check("dr:>9999", &format!("Changed:{}..={last}", last + 1));
}

#[test]
fn regular_expressions() {
    let check_blind = |query: &str, pattern: &str, blind: bool| {
        let read = Query::parse(query, &now()).unwrap().expr().clone();
        let crate::query::Expr::Term(crate::query::Term::Regex(regex)) = read else {
            panic!("{query} is read as {read}")
        };
        assert_eq!(regex.as_str(), pattern, "{query}");
        assert_eq!(regex.is_match(b"A1 \xF0\n") && !regex.is_match(b"B1 "), blind, "{query}");
    };
    check_blind(r"regex:(a|x)\d+\S*", r"(a|x)\d+\S*", true);
    check_blind(r#"regex:"a1 ""#, "a1 ", true);
    check_blind(r#"regex:"a1\x20\"?""#, r#"a1\x20\"?"#, true);
    check_blind(r#"nocase:regex:"\p{Lu}?A1 ""#, r"\p{Lu}?A1 ", true);
    check_blind("regex:[a-z]1|Q", "[a-z]1|Q", false);
}

#[test]
fn errors_of_structure() {
    check_error("foo |", "a term, found the end of the query", "     ^", TERM);
    check_error("| foo", "a term, found `|`", "^", TERM);
    check_error("a ()", "a term, found `)`", "   ^", TERM);
    check_error(
        "a !",
        "a term, found the end of the query",
        "   ^",
        "write what `!` negates after it, or quote the `!`",
    );
    check_error(
        "(a b",
        "`)`, found the end of the query",
        "    ^",
        "close the group that opens at character 1",
    );
    check_error(
        "ä)",
        "the end of the query, found `)`",
        " ^",
        "remove the parenthesis, or open one before it",
    );
    let hint = r#"quote a name with such characters: "a (1)""#;
    check_error("日本(1).txt", "white space, `|` or `)`, found `(`", "  ^", hint);
    check_error("(a)b", "white space, `|` or `)`, found `b`", "   ^", hint);
    let hint = r#"close the quote; to search for a quote itself, write "\"""#;
    check_error(r#"a "b c"#, "a quoted text with a quote at its end, found `\"`", "  ^", hint);
    check_error(r#"regex:"a\""#, "a quoted text with a quote at its end, found `\"`", "      ^", hint);
}

const TERM: &str = "write what to search for here, or quote the operator to search for it";

#[test]
fn errors_of_functions() {
    let unknown = |word: &str| format!("a function's name before `:`, found `{word}`");
    let quote = |text: &str| format!("to search for the text itself, quote it: \"{text}\"");
    check_error(r"a C:\b", &unknown("C"), "  ^", &quote(r"C:\b"));
    check_error("sice:>1", &unknown("sice"), "^^^^", &format!("did you mean `size:`? {}", quote("sice:>1")));
    check_error(
        "delet:",
        &unknown("delet"),
        "^^^^^",
        &format!("did you mean `deleted:`? {}", quote("delet:")),
    );
    let advice = format!("did you mean `type:file`? {}", quote("file:x"));
    check_error("file:x", &unknown("file"), "^^^^", &advice);
    let advice = format!("did you mean `attrib:h`? {}", quote("Hidden:"));
    check_error("Hidden:", &unknown("Hidden"), "^^^^^^", &advice);
    check_error("path:", "a text, found the end of the query", "     ^", TEXT);
    check_error("a \"\" b", "a text, found `\"\"`", "  ^^", TEXT);
    check_error("name: x", "a text, found white space", "     ^", TEXT);
    check_error(
        "deleted:x",
        "white space, found `x`",
        "        ^",
        "this function takes no value: put a space after its colon",
    );
    let hint = "`case:` goes before a word, a quoted text, name:, exact:, path:, ext:, regex: or a group";
    check_error("case:size:1", "a text, found `size:`", "     ^^^^^", hint);
    check_error("case:!a", "a text, found `!`", "     ^", "write `!` first: !case:Word");
    let hint = "an extension is what follows the last dot: ext:gz, or the whole name: *.tar.gz";
    check_error("ext:tar.gz", "an extension without a dot, found `tar.gz`", "    ^^^^^^", hint);
    let hint = "name one kind, or several with `;` between: type:file;link";
    check_error("type:dir", "`file`, `folder`, `link` or `stream`, found `dir`", "     ^^^", hint);
    let hint = "r read-only, h hidden, s system, d folder, a archive, n normal, t temporary, p sparse, l reparse point, \
                c compressed, o offline, i not indexed, e encrypted";
    check_error("attrib:rz", "attribute letters, found `rz`", "       ^^", hint);
    check_error("dm:2024/05", "the end of the value, found `/`", "       ^", "for example 2024-05..2024-07");
    check_error("attrib:hidden", "attribute letters, found `hidden`", "       ^^^^^^", hint);
    check_error("x regex:(a b", "a regular expression, found `(a`", "        ^^", "unclosed group");
    let hint = "unopened group (it runs to the next blank: quote it inside a group)";
    check_error("(regex:a|b)", "a regular expression, found `a|b)`", "       ^^^^", hint);
    let hint = "the pattern needs more than 1048576 bytes: lower its repetitions";
    check_error(
        r"regex:\w{900}{900}",
        r"a regular expression, found `\w{900}{900}`",
        "      ^^^^^^^^^^^^",
        hint,
    );
}

const TEXT: &str = r#"write a word, or quote a text that holds blanks, bars or parentheses: "a (1)""#;

#[test]
fn errors_of_values() {
    let hint = "write a size such as 512, 64kb, 1.5gb, >10mb, 1kb..2mb or empty";
    check_error("size:10xb", "a unit (b, kb, mb, gb or tb), found `xb`", "       ^^", hint);
    check_error("size:> 1", "a size, found white space", "      ^", hint);
    check_error("size:big x", "a size, found `big`", "     ^^^", hint);
    check_error(
        "size:99999999999tb",
        "a size up to 18446744073709551615 bytes, found `99999999999tb`",
        "     ^^^^^^^^^^^^^",
        hint,
    );
    check_error(
        "size:2mb..1mb",
        "a range that goes upwards, found `2mb..1mb`",
        "     ^^^^^^^^",
        "write the smaller end first",
    );
    check_error("size:..", "a value before or after `..`, found `..`", "     ^^", "for example 1kb..2mb");
    check_error("links:1.3", "`..`, found `.`", "       ^", "a range has two dots: 1..3");
    check_error("links:a", "a number, found `a`", "      ^", "write digits, as in 3, >3 or 1..3");
    let hint =
        "write a date such as 2024, 2024-05, 2024-05-03, 2024-05-03T10:20, today, lastweek or last7days";
    check_error("dm:2024-13", "a month from 01 to 12, found `13`", "        ^^", hint);
    check_error("dm:2024-5", "a month from 01 to 12, found `5`", "        ^", hint);
    check_error("dm:2023-02-29", "a day that the month has, found `2023-02-29`", "   ^^^^^^^^^^", hint);
    check_error("dm:1600", "a year of four digits, from 1601, found `1600`", "   ^^^^", hint);
    check_error("dm:tomorrow", "a date, found `tomorrow`", "   ^^^^^^^^", hint);
    check_error(
        "dm:last99999999999days",
        "a date, found `last99999999999days`",
        "   ^^^^^^^^^^^^^^^^^^^",
        hint,
    );
}

#[test]
fn bounds_are_kept() {
    let error = |query: &str| Query::parse(query, &now()).unwrap_err();
    let groups = |count: usize| format!("{}a{}", "(".repeat(count), ")".repeat(count));
    assert!(Query::parse(&groups(64), &now()).is_ok());
    assert_eq!(error(&groups(65)).expected, "at most 64 groups inside each other");
    assert!(Query::parse(&"a ".repeat(1024), &now()).is_ok());
    assert_eq!(error(&"a ".repeat(1025)).expected, "at most 1024 terms");
    assert!(Query::parse(&"regex:a ".repeat(16), &now()).is_ok());
    assert_eq!(error(&"regex:a ".repeat(17)).expected, "at most 16 regular expressions");
    assert_eq!(error(&"ä".repeat(4097)).expected, "at most 8192 bytes");
    assert!(Query::parse(&format!("{}a", "!".repeat(8000)), &now()).is_ok());
    assert!(Query::parse(&format!("{}a", "case:".repeat(1600)), &now()).is_ok());
}

#[test]
fn a_long_query_is_cut_around_the_place() {
    let query = format!("{}\u{202E}\t( {}", "x".repeat(100), "y".repeat(100));
    let expected = format!(
        "the query is not understood: expected `)`, found the end of the query\n  …{}\n  {}^\n  close the group that opens at character 103",
        "y".repeat(60),
        " ".repeat(61),
    );
    check(&query, &expected);
    let query = format!("{}\u{202E}\t) {}", "x".repeat(100), "y".repeat(100));
    let expected = format!(
        "the query is not understood: expected the end of the query, found `)`\n  …{}\u{FFFD} ) {}…\n  {}^\n  remove the parenthesis, or open one before it",
        "x".repeat(58),
        "y".repeat(59),
        " ".repeat(61),
    );
    check(&query, &expected);
}

/// What the documentation shows is read, and its error is the one that is given.
#[test]
fn the_documented_queries_are_read() {
    let document = include_str!("../../../../../docs/queries.md");
    let first_cells = document.lines().filter_map(|line| line.strip_prefix("| `"));
    let in_tables = first_cells.flat_map(|line| {
        let cell = line.split("` |").next().unwrap_or_default();
        cell.split("`, `").map(|query| query.replace("\\|", "|")).collect::<Vec<_>>()
    });
    let (_, examples) = document.split_once("```\n").unwrap();
    let (examples, _) = examples.split_once("```").unwrap();
    let in_examples = examples.lines().map(|line| line.split("   ").next().unwrap_or_default().to_owned());
    let mut read = 0;
    for query in in_tables.chain(in_examples) {
        if let Err(error) = Query::parse(&query, &now()) {
            panic!("{error}");
        }
        read += 1;
    }
    assert!(read > 50, "only {read} queries were found in the document");
    let error = Query::parse("size:10xb", &now()).unwrap_err().to_string();
    assert!(document.contains(&error), "{error}");
}

/// Found by fuzzing: advice repeated a word of the query as it was, escape sequences and 8 KiB of it included.
#[test]
fn advice_cannot_steer_a_terminal() {
    for word in ["foo:\u{1b}[2J\0", &format!("foo:{}", "x".repeat(8000))] {
        let message = Query::parse(word, &now()).unwrap_err().to_string();
        assert!(!message.chars().any(|c| c.is_control() && c != '\n'), "{message:?}");
        assert!(message.chars().count() < 600, "{} characters", message.chars().count());
    }
}
