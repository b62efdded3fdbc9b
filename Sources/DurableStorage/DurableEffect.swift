import SystemPackage

/// One step that changes what is on the disk, or what will still be there after a power cut.
package enum DurableEffect: Hashable, Sendable {
    case makeDirectory(FilePath)
    /// A file is made or grown. Its bytes may be lost until `flush`.
    case write(FilePath)
    case flush(FilePath)
    case makeLink(FilePath, target: String)
    /// The new name may be lost until `flushDirectory`.
    case rename(from: FilePath, to: FilePath)
    case flushDirectory(FilePath)
    case remove(FilePath)
    case syncFileSystem(FilePath)
}

/// Told of each effect just before it happens. A test stops the program at any of them by throwing.
package protocol EffectObserver: Sendable {
    func willPerform(_ effect: DurableEffect) throws(StorageFault)
}

/// Lets everything happen.
package struct NoObserver: EffectObserver {
    package init() {}
    package func willPerform(_ effect: DurableEffect) throws(StorageFault) {}
}
