//! Files that hold an image in another form: disk images of other programs, and compressed files.
//!
//! They are told, and the command that makes a raw image of each is named; none is read. A VHD of fixed size is a raw
//! image with a footer, and is read as such: only those that begin with the footer's copy are meant here.

use std::fmt;

use super::view::View;

/// A disk image that is not raw.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each is the name of a format; `Display` spells it out")]
pub enum ImageFormat {
    Vhd,
    Vhdx,
    Vmdk,
    VmdkDescriptor,
    Vdi,
    Qcow,
    ExpertWitness,
    NtfsClone,
    PartClone,
    Wim,
}

impl fmt::Display for ImageFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Vhd => "dynamic VHD disk image",
            Self::Vhdx => "VHDX disk image",
            Self::Vmdk => "VMDK disk image",
            Self::VmdkDescriptor => "description of a VMDK disk image",
            Self::Vdi => "VirtualBox disk image",
            Self::Qcow => "QEMU disk image",
            Self::ExpertWitness => "Expert Witness (EnCase) image",
            Self::NtfsClone => "ntfsclone image",
            Self::PartClone => "Partclone image",
            Self::Wim => "Windows imaging file",
        })
    }
}

impl ImageFormat {
    /// The command that makes a raw image of it.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::Vhd => "make a raw image of it: `qemu-img convert -f vpc -O raw IMAGE raw.img`",
            Self::Vhdx | Self::Vmdk | Self::VmdkDescriptor | Self::Vdi | Self::Qcow => {
                "make a raw image of it: `qemu-img convert -O raw IMAGE raw.img`"
            }
            Self::ExpertWitness => "make a raw image of it: `ewfexport -f raw -t raw IMAGE`",
            Self::NtfsClone => {
                "make a raw image of it: `ntfsclone --restore-image --overwrite raw.img IMAGE`"
            }
            Self::PartClone => "restore it to a raw image with Partclone (`partclone.restore`)",
            Self::Wim => "it holds files, not a volume; unpack it with `wimlib-imagex apply IMAGE 1 FOLDER`",
        }
    }
}

const IMAGES: &[(ImageFormat, u64, &[u8])] = &[
    (ImageFormat::Vhd, 0, b"conectix"),
    (ImageFormat::Vhdx, 0, b"vhdxfile"),
    (ImageFormat::Vmdk, 0, b"KDMV"),
    (ImageFormat::Vmdk, 0, b"COWD"),
    (ImageFormat::VmdkDescriptor, 0, b"# Disk DescriptorFile"),
    (ImageFormat::Vdi, 0x40, b"\x7F\x10\xDA\xBE"),
    (ImageFormat::Qcow, 0, b"QFI\xFB"),
    (ImageFormat::ExpertWitness, 0, b"EVF\x09\x0D\x0A\xFF\0"),
    (ImageFormat::ExpertWitness, 0, b"EVF2\x0D\x0A\x81\0"),
    (ImageFormat::NtfsClone, 0, b"\0ntfsclone-image"),
    (ImageFormat::PartClone, 0, b"partclone-image"),
    (ImageFormat::Wim, 0, b"MSWIM\0\0\0"),
];

pub(super) fn image(view: &mut View<'_>) -> Option<ImageFormat> {
    IMAGES.iter().find(|(_, offset, magic)| view.has(*offset, magic)).map(|&(format, ..)| format)
}

/// A compressed file or an archive.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each is the name of a format; `Display` spells it out")]
pub enum Compression {
    Zstd,
    Gzip,
    Xz,
    Bzip2,
    Lz4,
    Zip,
    SevenZip,
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Zstd => "zstd-compressed file",
            Self::Gzip => "gzip-compressed file",
            Self::Xz => "xz-compressed file",
            Self::Bzip2 => "bzip2-compressed file",
            Self::Lz4 => "LZ4-compressed file",
            Self::Zip => "ZIP archive",
            Self::SevenZip => "7z archive",
        })
    }
}

impl Compression {
    /// The command that unpacks it.
    #[must_use]
    pub fn advice(self) -> &'static str {
        match self {
            Self::Zstd => "decompress it first: `zstd --decompress --keep FILE`",
            Self::Gzip => "decompress it first: `gzip --decompress --keep FILE`",
            Self::Xz => "decompress it first: `xz --decompress --keep FILE`",
            Self::Bzip2 => "decompress it first: `bzip2 --decompress --keep FILE`",
            Self::Lz4 => "decompress it first: `lz4 -d FILE`",
            Self::Zip => "unpack it first: `unzip FILE`",
            Self::SevenZip => "unpack it first: `7z x FILE`",
        }
    }
}

const COMPRESSED: &[(Compression, &[u8])] = &[
    (Compression::Zstd, b"\x28\xB5\x2F\xFD"),
    (Compression::Gzip, b"\x1F\x8B\x08"),
    (Compression::Xz, b"\xFD7zXZ\0"),
    (Compression::Bzip2, b"BZh"),
    (Compression::Lz4, b"\x04\x22\x4D\x18"),
    (Compression::Zip, b"PK\x03\x04"),
    (Compression::SevenZip, b"7z\xBC\xAF\x27\x1C"),
];

pub(super) fn compression(view: &mut View<'_>) -> Option<Compression> {
    COMPRESSED.iter().find(|(_, magic)| view.has(0, magic)).map(|&(compression, _)| compression)
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::identify::{Content, identify};
    use quarry_io::MemoryDevice;

    fn tell(offset: u64, magic: &[u8]) -> Content {
        let mut bytes = vec![0xA5; 8192];
        let start = usize::try_from(offset).unwrap();
        bytes[start..start + magic.len()].copy_from_slice(magic);
        identify(&MemoryDevice::new("file", bytes)).unwrap()
    }

    #[test]
    fn each_signature_tells_its_format() {
        for &(format, offset, magic) in IMAGES {
            assert_eq!(tell(offset, magic), Content::Image(format));
        }
        for &(compression, magic) in COMPRESSED {
            assert_eq!(tell(0, magic), Content::Compressed(compression));
        }
    }

    #[test]
    fn each_format_has_a_name_and_a_command() {
        for (format, ..) in IMAGES {
            assert!(format.to_string().contains("ima"), "{format}");
            assert!(format.advice().contains('`'), "{format}");
        }
        for (compression, _) in COMPRESSED {
            assert!(compression.advice().contains("FILE`"), "{compression}");
        }
    }
}
