"""Fills the demo volume: a household's shared disk, small, believable, and the same every time.

What a file holds does not matter to a search, so most hold zeros (which compress to nothing) and the largest are sparse.
Names, sizes, dates, streams and links are what is shown."""

import datetime
import os
import random
import sys

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus"))
import ntfs3g  # noqa: E402  (found through the line above)

FIRST_YEAR, LAST_YEAR = 2011, 2025
NEWEST = datetime.datetime(LAST_YEAR, 12, 30, tzinfo=datetime.timezone.utc)
HIDDEN, SYSTEM, READONLY, ARCHIVE, COMPRESSED_FOLDER = 0x2, 0x4, 0x1, 0x20, 0x810
KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30

CLIENTS = ["Contoso", "Fabrikam", "Northwind", "Brauerei Müller", "Škoda Servis", "Café Olé", "佐藤商店"]
PLACES = ["Lisboa", "Tromsø", "Kraków", "Kyoto 京都", "Cornwall", "Garden", "Zürich", "Athens Αθήνα", "Birthday", "Snow"]
ALBUMS = {
    "Nina Simone/Pastel Blues": ["Be My Husband", "Trouble in Mind", "Tell Me More", "Sinnerman"],
    "Sigur Rós/Ágætis byrjun": ["Intro", "Svefn-g-englar", "Starálfur", "Flugufrelsarinn", "Olsen Olsen"],
    "Кино/Группа крови": ["Группа крови", "Закрой за мной дверь", "Война", "Спокойная ночь", "Мама, мы все сошли с ума"],
    "Kraftwerk/Autobahn": ["Autobahn", "Kometenmelodie 1", "Kometenmelodie 2", "Mitternacht", "Morgenspaziergang"],
}
DOWNLOADS = [
    "setup-editor-4.2.exe", "setup-editor-4.3.exe", "printer-driver.exe", "holiday-offers.pdf", "boarding-pass.pdf", "manual_EN.pdf",
    "manual_DE.pdf", "ubuntu-24.04-desktop.iso", "dataset-air-quality.csv", "fonts.zip", "invoice (1).pdf", "invoice (2).pdf",
    "invoice.pdf", "photo_from_mum.jpg", "recipe-goulash.html", "tax-form-2024.pdf", "firmware-router.bin", "podcast-118.mp3",
    "résumé_final.docx", "résumé_final_FINAL.docx", "ＦＵＬＬＷＩＤＴＨ.txt", "😀 stickers.zip", "release-notes.txt", "backup.tar.gz",
]


class Household:
    """The tree under construction: makes files and remembers the date that each is to carry."""

    def __init__(self, root, seed):
        self.root, self.rng, self.dates = root, random.Random(seed), {}

    def day(self, first=FIRST_YEAR, last=LAST_YEAR):
        start = datetime.datetime(first, 1, 2, tzinfo=datetime.timezone.utc)
        seconds = self.rng.randrange(((last - first + 1) * 365 - 3) * 86400)
        return start + datetime.timedelta(seconds=seconds)

    def folder(self, path, when=None):
        os.makedirs(f"{self.root}/{path}", exist_ok=True)
        while path and path not in self.dates:
            self.dates[path] = (when or self.day(), when or self.day())
            path = os.path.dirname(path)

    def file(self, path, size, when=None, sparse=False):
        """A file of zeros, modified some time after it was made."""
        self.folder(os.path.dirname(path), when)
        full = f"{self.root}/{path}"
        if sparse:
            ntfs3g.put_sparse(full, size)
        else:
            ntfs3g.put(full, bytes(size))
        created = when or self.day()
        modified = created + datetime.timedelta(seconds=self.rng.randrange(90 * 86400))
        self.dates[path] = (created, min(modified, NEWEST))
        return path

    def small(self):
        return self.rng.randrange(80, 700)

    def paper(self):
        return self.rng.randrange(2 * KIB, 30 * KIB)

    def hide(self, path, bits=HIDDEN):
        ntfs3g.set_attributes(f"{self.root}/{path}", bits | ARCHIVE)

    def link(self, path, name):
        self.folder(os.path.dirname(name))
        os.link(f"{self.root}/{path}", f"{self.root}/{name}")

    def junction(self, path, target, when):
        """Dated before it becomes one: behind a reparse point the driver takes no times."""
        os.makedirs(f"{self.root}/{path}")
        ntfs3g.set_times(f"{self.root}/{path}", *self.filetimes(when))
        ntfs3g.set_reparse(f"{self.root}/{path}", ntfs3g.TAG_MOUNT_POINT, ntfs3g.mount_point_data(target))

    def filetimes(self, created, modified=None):
        created, modified = (ntfs3g.filetime(moment.timestamp()) for moment in (created, modified or created))
        return created, max(created, modified), max(created, modified)

    def date_everything(self):
        """Last of all, since every change moves a folder's own date."""
        for path, (created, modified) in self.dates.items():
            full = f"{self.root}/{path}"
            if os.path.lexists(full):
                ntfs3g.set_times(full, *self.filetimes(created, modified))


def documents(home):
    base = "Users/Anna/Documents"
    number = 1000
    for year in range(2016, LAST_YEAR + 1):
        for month in range(1, 13):
            for client in home.rng.sample(CLIENTS, 2):
                number += 1
                name = f"Invoice {number} {client}.pdf"
                home.file(f"{base}/Invoices/{year}/{year}-{month:02d} {name}", home.paper(), home.day(year, year))
        home.file(f"{base}/Taxes/{year}/Tax return {year}.pdf", home.paper(), home.day(year, year))
        home.file(f"{base}/Taxes/{year}/Receipts {year}.xlsx", home.paper(), home.day(year, year))
        home.file(f"{base}/Taxes/{year}/donations.csv", home.small(), home.day(year, year))
    for title in ("Rent contract", "Insurance", "Employment contract", "Birth certificate scan", "Vaccination record"):
        home.file(f"{base}/Important/{title}.pdf", home.paper())
    for title in ("To the landlord", "Complaint", "Condolences", "Invitation", "Thank you", "À tante Adèle", "An Herrn Weiß"):
        for form in ("docx", "pdf"):
            home.file(f"{base}/Letters/{title}.{form}", home.paper())
    for title in ("Goulash", "Pączki", "Crème brûlée", "味噌汁", "Shakshuka", "Rye bread", "Mämmi"):
        home.file(f"{base}/Recipes/{title}.md", home.small())
    home.hide(home.file(f"{base}/desktop.ini", 402), HIDDEN | SYSTEM)
    home.hide(home.file(f"{base}/~$Complaint.docx", 162))


def pictures(home):
    number = 100
    for year in range(2014, LAST_YEAR + 1):
        for place in home.rng.sample(PLACES, 4):
            album = f"Users/Anna/Pictures/{year}/{year} {place}"
            first = home.day(year, year)
            for shot in range(home.rng.randrange(10, 24)):
                number += 1
                taken = first + datetime.timedelta(minutes=7 * shot)
                home.file(f"{album}/IMG_{number:04d}.JPG", home.rng.randrange(10 * KIB, 34 * KIB), taken)
                if shot % 9 == 4:
                    home.file(f"{album}/IMG_{number:04d}.CR3", home.rng.randrange(20, 45) * MIB, taken, sparse=True)
            if home.rng.random() < 0.4:
                home.file(f"{album}/MVI_{number + 1:04d}.MP4", home.rng.randrange(80, 900) * MIB, first, sparse=True)
        home.hide(home.file(f"Users/Anna/Pictures/{year}/Thumbs.db", home.paper()), HIDDEN | SYSTEM)


def music(home):
    for album, tracks in ALBUMS.items():
        for number, track in enumerate(tracks, 1):
            home.file(f"Users/Anna/Music/{album}/{number:02d} {track}.flac", home.rng.randrange(18, 40) * MIB, sparse=True)
        home.file(f"Users/Anna/Music/{album}/cover.jpg", home.paper())


def downloads(home):
    """What a browser fetched carries where it came from, in a stream of its own."""
    for name in DOWNLOADS:
        large = name.endswith((".exe", ".bin", ".tar.gz"))
        size = home.rng.randrange(30, 300) * MIB if large else home.paper()
        if name.endswith(".iso"):
            large, size = True, 5_665_497_088
        path = home.file(f"Users/Anna/Downloads/{name}", size, home.day(2023), sparse=large)
        mark = f"[ZoneTransfer]\r\nZoneId=3\r\nHostUrl=https://downloads.example/{len(name)}\r\n"
        ntfs3g.set_stream(f"{home.root}/{path}", "Zone.Identifier", mark.encode())
    home.file("Users/Anna/Downloads/unfinished.iso.part", 3 * GIB, home.day(2025), sparse=True)


def projects(home):
    base = "Users/Tomás/Projects"
    for project, language, modules in (("garden-planner", "rs", 14), ("price-watch", "py", 9), ("family-site", "ts", 11)):
        started = home.day(2019, 2024)
        home.file(f"{base}/{project}/README.md", home.small(), started)
        home.file(f"{base}/{project}/LICENSE", 1071, started)
        home.file(f"{base}/{project}/.gitignore", 42, started)
        home.file(f"{base}/{project}/.git/HEAD", 23, started)
        home.file(f"{base}/{project}/.git/config", 188, started)
        for _ in range(60):
            name = f"{home.rng.getrandbits(160):040x}"
            home.file(f"{base}/{project}/.git/objects/{name[:2]}/{name[2:]}", home.small(), started)
        for number in range(modules):
            word = ["model", "store", "view", "parse", "report", "schedule", "config", "import", "export", "mail", "cli", "error", "test", "main"][number]
            home.file(f"{base}/{project}/src/{word}.{language}", home.rng.randrange(300, 9000), started)
            home.file(f"{base}/{project}/tests/{word}_test.{language}", home.rng.randrange(200, 3000), started)
    for package in ("left-pad", "colors", "express", "lodash", "moment"):
        for name in ("package.json", "index.js", "README.md", "LICENSE"):
            home.file(f"{base}/family-site/node_modules/{package}/{name}", home.small())
        for number in range(24):
            home.file(f"{base}/family-site/node_modules/{package}/lib/part{number:02d}.js", home.small())
    for chapter, title in enumerate(("Introduction", "Methods", "Results", "Discussion", "Bibliography"), 1):
        for draft in ("draft", "v2", "final"):
            home.file(f"Users/Tomás/Thesis/{draft}/{chapter:02d} {title}.tex", home.paper(), home.day(2018, 2019))
    home.file("Users/Tomás/Thesis/final/thesis.pdf", 380 * KIB, home.day(2019, 2019))


def machines(home):
    """The large, the compressed and the system's own."""
    home.file("Virtual Machines/testbox/testbox.vhdx", 64 * GIB, home.day(2022), sparse=True)
    home.file("Virtual Machines/testbox/testbox.vmcx", 54 * KIB, home.day(2022))
    home.hide(home.file("pagefile.sys", 16 * GIB, home.day(2021), sparse=True), HIDDEN | SYSTEM)
    home.folder("Logs")
    ntfs3g.set_attributes(f"{home.root}/Logs", COMPRESSED_FOLDER)
    for year in range(2021, LAST_YEAR + 1):
        for month in range(1, 13):
            home.file(f"Logs/{year}/service-{year}-{month:02d}.log", home.rng.randrange(40 * KIB, 200 * KIB), home.day(year, year))
    for number in range(40):
        home.file(f"Program Files/Editor/plugins/plugin{number:02d}.dll", home.rng.randrange(4 * KIB, 40 * KIB), home.day(2020, 2023))
    editor = home.filetimes(home.day(2022, 2022), home.day(2023, 2023))
    ntfs3g.put_wof(f"{home.root}/Program Files/Editor/editor.exe", 4_812_288, bytes(60 * KIB), editor)
    home.junction("Documents and Settings", "C:\\Users", home.day(2012, 2012))
    home.junction("Users/All Users", "C:\\ProgramData", home.day(2012, 2012))


def backups(home):
    """Snapshots in the manner of hard links: what did not change is the same file."""
    papers = sorted(path for path in home.dates if path.startswith("Users/Anna/Documents/Important/"))
    for day in ("2024-01-06", "2024-07-13", "2025-01-11"):
        for path in papers:
            home.link(path, f"Backups/{day}/{os.path.basename(path)}")
        home.file(f"Backups/{day}/catalogue.json", home.small())
    home.hide(home.file("Backups/DO NOT DELETE.txt", 61), READONLY)


def thrown_away(home):
    """A folder somebody deleted: nothing is made after it, so that its records still hold the names."""
    names = [f"Old laptop/Desktop/scan{n:03d}.pdf" for n in range(40)]
    names += [f"Old laptop/Letters/love letter {n}.docx" for n in range(1, 8)] + ["Old laptop/passwords.kdbx"]
    for name in names:
        home.file(name, home.small())
    home.date_everything()
    for name in names:
        os.unlink(f"{home.root}/{name}")
    for name in ("Old laptop/Desktop", "Old laptop/Letters", "Old laptop"):
        os.rmdir(f"{home.root}/{name}")


def main():
    home = Household(sys.argv[1], seed=2025)
    for room in (documents, pictures, music, downloads, projects, machines, backups, thrown_away):
        room(home)


if __name__ == "__main__":
    main()
