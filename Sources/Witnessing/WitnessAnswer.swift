import Primitives

/// What a witness answers over HTTP (C2SP tlog-witness).
package struct WitnessAnswer: Hashable, Sendable {
    package enum Content: Hashable, Sendable {
        /// `text/plain; charset=utf-8`
        case text
        /// `text/x.tlog.size`: the size of the tree that was cosigned last.
        case size
    }

    package let status: Int
    package let content: Content
    package let body: [UInt8]
    /// Seconds; for an answer that another time would be different.
    package let retryAfter: Int?

    init(_ status: Int, content: Content = .text, _ body: [UInt8], retryAfter: Int? = nil) {
        self.status = status
        self.content = content
        self.body = body
        self.retryAfter = retryAfter
    }

    /// A refusal in words, one line.
    init(_ status: Int, _ words: String, retryAfter: Int? = nil) {
        self.init(status, Array((words.escapingUnprintable() + "\n").utf8), retryAfter: retryAfter)
    }

    package var contentType: String {
        switch content {
        case .text: "text/plain; charset=utf-8"
        case .size: "text/x.tlog.size"
        }
    }
}

/// What the person who runs a witness may want to know. Nothing here is about a client.
package enum WitnessEvent: Sendable {
    /// A tree larger than the one before was cosigned.
    case cosigned(origin: ByteString, size: Int)
    /// The log has signed two trees of one size, or a tree that does not continue the one it showed before. `evidence`:
    /// where the two notes are, when they prove it by themselves.
    case contradiction(origin: ByteString, heldSize: Int, shownSize: Int, evidence: String?)
    /// The clock is behind what was cosigned: nothing is cosigned until it is right.
    case clockBehind(origin: ByteString, seconds: Int)
    /// The state could not be written: nothing was cosigned.
    case notStored(origin: ByteString, any ReportableFault)
}
