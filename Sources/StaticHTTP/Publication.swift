import NIOCore
import Serving
import SystemPackage

/// All that is served at one time: a catalogue, and the answers to it as far as they can be made ahead.
///
/// Never changes. An answer under way keeps what it needs of its own publication, whatever is published meanwhile.
final class Publication: Sendable {
    let catalogue: Catalogue
    /// In the order of `catalogue.files`.
    let files: [ServedFile]

    init(_ files: [ServedFile]) {
        self.files = files
        catalogue = Catalogue(files.map(\.file))
    }
}

/// An answer ready to send but for its date.
struct PreparedAnswer: Sendable {
    /// The head, then the body if there is one.
    let bytes: ByteBuffer
    let headLength: Int
    let datePosition: Int

    init(_ head: ResponseHead, body: [UInt8] = []) {
        headLength = head.bytes.count
        datePosition = head.datePosition
        bytes = ByteBuffer(bytes: head.bytes + body)
    }
}

/// One published file, with the bytes or the descriptor to serve it from.
final class ServedFile: Sendable {
    enum Content: Sendable {
        /// The body stands behind the head in `whole`.
        case memory
        case open(OpenFile)
        /// Opened when asked for: there are more large files than descriptors to spare.
        case closed(FilePath)
    }

    let file: PublishedFile
    let identity: FileIdentity
    let content: Content
    /// The answer 200: with its body when it is in memory, else its head.
    let whole: PreparedAnswer
    let notModified: PreparedAnswer

    /// `body` is the whole file for `Content.memory`, otherwise empty.
    init?(_ file: PublishedFile, _ identity: FileIdentity, _ content: Content, body: [UInt8]) {
        guard
            let whole = ResponseHead(.whole(0), of: file),
            let notModified = ResponseHead(.notModified(0), of: file)
        else { return nil }
        self.file = file
        self.identity = identity
        self.content = content
        self.whole = PreparedAnswer(whole, body: body)
        self.notModified = PreparedAnswer(notModified)
    }

    /// A part of a file that is in memory; nil when it is not.
    func body(_ range: Range<Int>) -> ByteBuffer? {
        guard case .memory = content else { return nil }
        return whole.bytes.getSlice(at: whole.headLength + range.lowerBound, length: range.count)
    }

    /// Whether nobody wrote into the file or cut it off: what is not there any more would be sent for ever.
    func isStill(in descriptor: SystemPackage.FileDescriptor) -> Bool {
        FileIdentity(of: descriptor)?.hasContent(of: identity) ?? false
    }

    /// A handle for one answer, or nil when the file that was catalogued is no longer there. The caller closes it.
    func handleForOneAnswer() -> NIOFileHandle? {
        switch content {
        case .memory: return nil
        case .open(let file): return isStill(in: file.descriptor) ? file.handleForOneAnswer() : nil
        case .closed(let path):
            guard let file = try? OpenFile.open(path), FileIdentity(of: file.descriptor) == identity else { return nil }
            return file.handleForOneAnswer()
        }
    }
}
