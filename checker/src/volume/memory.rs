//! A volume in memory.

use super::{Entry, FileDetails, Kind, LinkIdentity, Volume, VolumeMut, VolumePath};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{self, Read};
use std::sync::Arc;

/// A volume in memory. Cloning is cheap: the copies share folders and contents until one of them
/// is changed.
#[derive(Clone, Debug, Default)]
pub struct MemoryVolume {
    root: Arc<Folder>,
}

type Folder = BTreeMap<OsString, Node>;

#[derive(Clone, Debug)]
enum Node {
    Folder(Arc<Folder>),
    File(Arc<[u8]>),
    /// An entry that is there but has no content: a link, reparse point or special file.
    Opaque(Kind),
}

impl Node {
    fn kind(&self) -> Kind {
        match self {
            Self::Folder(_) => Kind::Folder,
            Self::File(_) => Kind::File,
            Self::Opaque(kind) => *kind,
        }
    }
}

fn not_found(path: &VolumePath) -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, format!("{path}: no such entry"))
}

impl MemoryVolume {
    /// An empty volume.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Puts an entry without content in place: a link, a reparse point or a special file.
    ///
    /// # Errors
    ///
    /// [`io::ErrorKind::NotFound`] if the folder is not there.
    pub fn put_opaque(&mut self, path: &VolumePath, kind: Kind) -> io::Result<()> {
        self.put(path, Node::Opaque(kind))
    }

    fn node(&self, path: &VolumePath) -> io::Result<Option<&Node>> {
        let mut folder = &self.root;
        let mut found: Option<&Node> = None;
        for name in path.names() {
            if let Some(node) = found {
                match node {
                    Node::Folder(inner) => folder = inner,
                    _ => return Err(io::ErrorKind::NotADirectory.into()),
                }
            }
            found = Some(folder.get(name).ok_or_else(|| not_found(path))?);
        }
        Ok(found)
    }

    fn file(&self, path: &VolumePath) -> io::Result<&Arc<[u8]>> {
        match self.node(path)? {
            Some(Node::File(content)) => Ok(content),
            Some(Node::Folder(_)) | None => Err(io::ErrorKind::IsADirectory.into()),
            Some(Node::Opaque(_)) => Err(io::ErrorKind::InvalidInput.into()),
        }
    }

    /// The folder at `path`, copied first if another volume shares it.
    fn folder_mut(&mut self, path: &VolumePath, create: bool) -> io::Result<&mut Folder> {
        let mut folder = Arc::make_mut(&mut self.root);
        for name in path.names() {
            if create && !folder.contains_key(name) {
                folder.insert(name.to_owned(), Node::Folder(Arc::default()));
            }
            match folder.get_mut(name) {
                Some(Node::Folder(inner)) => folder = Arc::make_mut(inner),
                Some(_) => return Err(io::ErrorKind::NotADirectory.into()),
                None => return Err(not_found(path)),
            }
        }
        Ok(folder)
    }

    fn put(&mut self, path: &VolumePath, node: Node) -> io::Result<()> {
        let (parent, name) = split(path)?;
        self.folder_mut(&parent, false)?.insert(name, node);
        Ok(())
    }

    fn take(&mut self, path: &VolumePath) -> io::Result<Node> {
        let (parent, name) = split(path)?;
        self.folder_mut(&parent, false)?.remove(&name).ok_or_else(|| not_found(path))
    }
}

fn split(path: &VolumePath) -> io::Result<(VolumePath, OsString)> {
    match (path.parent(), path.name()) {
        (Some(parent), Some(name)) => Ok((parent, name.to_owned())),
        _ => Err(io::Error::new(io::ErrorKind::InvalidInput, "the root of a volume cannot be replaced")),
    }
}

impl Volume for MemoryVolume {
    fn list(&self, path: &VolumePath) -> io::Result<Vec<Entry>> {
        let folder = match self.node(path)? {
            None => &self.root,
            Some(Node::Folder(folder)) => folder,
            Some(_) => return Err(io::ErrorKind::NotADirectory.into()),
        };
        Ok(folder.iter().map(|(name, node)| Entry { name: name.clone(), kind: node.kind() }).collect())
    }

    fn open<'a>(&'a self, path: &VolumePath) -> io::Result<Box<dyn Read + Send + 'a>> {
        Ok(Box::new(&self.file(path)?[..]))
    }

    fn details(&self, path: &VolumePath) -> io::Result<FileDetails> {
        let content = self.file(path)?;
        let link = LinkIdentity { device: 0, file: content.as_ptr() as u64 };
        Ok(FileDetails { length_bytes: content.len() as u64, link: Some(link) })
    }

    fn kind(&self, path: &VolumePath) -> io::Result<Option<Kind>> {
        match self.node(path) {
            Ok(node) => Ok(Some(node.map_or(Kind::Folder, Node::kind))),
            Err(_) => Ok(None),
        }
    }

    fn lend(&self, path: &VolumePath) -> Option<&[u8]> {
        self.file(path).ok().map(|content| &content[..])
    }
}

impl VolumeMut for MemoryVolume {
    fn create_folder(&mut self, path: &VolumePath) -> io::Result<()> {
        self.folder_mut(path, true).map(drop)
    }

    fn write(&mut self, path: &VolumePath, content: &[u8]) -> io::Result<()> {
        self.put(path, Node::File(content.into()))
    }

    fn remove(&mut self, path: &VolumePath) -> io::Result<()> {
        self.take(path).map(drop)
    }

    fn rename(&mut self, from: &VolumePath, to: &VolumePath) -> io::Result<()> {
        match self.node(to) {
            Ok(_) => return Err(io::ErrorKind::AlreadyExists.into()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let node = self.take(from)?;
        self.put(to, node)
    }

    fn replace(&mut self, from: &VolumePath, to: &VolumePath) -> io::Result<()> {
        self.file(from)?;
        match self.node(to) {
            Ok(Some(Node::Folder(_)) | None) => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(Some(_)) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let node = self.take(from)?;
        self.put(to, node)
    }

    fn link(&mut self, path: &VolumePath, second: &VolumePath) -> io::Result<()> {
        if self.kind(second)?.is_some() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        // Files are written anew and never changed, so that nobody can tell a copy from a second name.
        let content = self.file(path)?.clone();
        self.put(second, Node::File(content))
    }

    fn sync(&mut self, path: &VolumePath) -> io::Result<()> {
        self.file(path).map(drop)
    }

    fn sync_folder(&mut self, path: &VolumePath) -> io::Result<()> {
        self.list(path).map(drop)
    }

    fn copy_attributes(&mut self, from: &VolumePath, to: &VolumePath) -> io::Result<()> {
        self.file(from)?;
        self.file(to).map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> VolumePath {
        VolumePath::parse(text).unwrap()
    }

    #[test]
    fn a_copy_is_untouched_by_changes_to_the_original() {
        let mut volume = MemoryVolume::new();
        volume.create_folder(&path("a/b")).unwrap();
        volume.write(&path("a/b/file"), b"one").unwrap();
        let copy = volume.clone();
        volume.write(&path("a/b/file"), b"two").unwrap();
        volume.rename(&path("a/b/file"), &path("a/moved")).unwrap();
        assert_eq!(copy.lend(&path("a/b/file")), Some(&b"one"[..]));
        assert_eq!(volume.lend(&path("a/moved")), Some(&b"two"[..]));
        assert!(volume.open(&path("a/b/file")).is_err());
    }

    #[test]
    fn kinds_are_kept_apart() {
        let mut volume = MemoryVolume::new();
        volume.write(&path("file"), b"").unwrap();
        volume.put_opaque(&path("link"), Kind::Link).unwrap();
        let kinds: Vec<Kind> =
            volume.list(&VolumePath::root()).unwrap().iter().map(|entry| entry.kind).collect();
        assert_eq!(kinds, [Kind::File, Kind::Link]);
        assert_eq!(volume.list(&path("file")).unwrap_err().kind(), io::ErrorKind::NotADirectory);
        assert_eq!(volume.list(&path("file/inner")).unwrap_err().kind(), io::ErrorKind::NotADirectory);
        assert!(volume.open(&path("link")).is_err());
        assert!(volume.open(&VolumePath::root()).is_err());
        assert!(volume.write(&VolumePath::root(), b"").is_err());
        assert!(volume.rename(&path("file"), &path("link")).is_err());
    }
}
