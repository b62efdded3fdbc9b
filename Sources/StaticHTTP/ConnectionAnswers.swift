import NIOCore
import Serving
import SystemPackage

/// How each answer gets its bytes.
extension Connection {
    func append(_ request: Request, _ connection: ResponseHead.Connection) {
        let publication = loop.publication
        let isHead = request.method == .head
        let answer = publication.catalogue.answer(to: request)
        switch answer {
        case .whole(let position):
            let file = publication.files[position]
            append(file, answer, 0..<file.file.size, connection, isHead: isHead)
        case .part(let position, let range):
            append(publication.files[position], answer, range, connection, isHead: isHead)
        case .notModified(let position):
            let file = publication.files[position]
            if connection == .unsaid {
                append(file.notModified, length: file.notModified.headLength)
            } else if let head = ResponseHead(answer, of: file.file, connection: connection) {
                append(head)
            }
        case .unsatisfiableRange(let position):
            if let head = ResponseHead(answer, of: publication.files[position].file, connection: connection) {
                append(head)
            }
        case .failure(let failure):
            append(failure, connection, isHead: isHead)
        }
    }

    func append(_ failure: Failure, _ connection: ResponseHead.Connection, isHead: Bool) {
        if connection == .unsaid, let ready = loop.failures[failure] {
            append(ready, length: isHead ? ready.headLength : ready.bytes.readableBytes)
        } else {
            append(ResponseHead(failure, connection: connection))
            if !isHead { output.writeBytes(failure.body) }
        }
    }

    private func append(
        _ file: ServedFile, _ answer: Answer, _ range: Range<Int>, _ connection: ResponseHead.Connection, isHead: Bool
    ) {
        let isPrepared = connection == .unsaid && range.count == file.file.size && answer.isWhole
        if case .memory = file.content, isPrepared {
            // The common case: one copy, head and body in one.
            append(file.whole, length: isHead ? file.whole.headLength : file.whole.bytes.readableBytes)
            return
        }
        var handle: NIOFileHandle?
        if !isHead, !file.isInMemory {
            handle = file.handleForOneAnswer()
            guard handle != nil else { return append(.unavailable, connection, isHead: isHead) }
        }
        if isPrepared {
            append(file.whole, length: file.whole.headLength)
        } else if let head = ResponseHead(answer, of: file.file, connection: connection) {
            append(head)
        }
        if isHead { return }
        if let handle {
            begin(Transfer(handle: handle, file: file, position: range.lowerBound, end: range.upperBound))
        } else if let body = file.body(range) {
            output.writeImmutableBuffer(body)
        }
    }

    private func append(_ head: ResponseHead) {
        let start = output.writerIndex
        output.writeBytes(head.bytes)
        output.setBuffer(loop.date, at: start + head.datePosition)
    }

    private func append(_ answer: PreparedAnswer, length: Int) {
        let start = output.writerIndex
        if length == answer.bytes.readableBytes {
            output.writeImmutableBuffer(answer.bytes)
        } else if let slice = answer.bytes.getSlice(at: 0, length: length) {
            output.writeImmutableBuffer(slice)
        }
        output.setBuffer(loop.date, at: start + answer.datePosition)
    }

    // MARK: large files

    private func begin(_ transfer: Transfer) {
        self.transfer = transfer
        noteProgress()
        // The head goes out by itself: holding it back for the first bytes of the file (MSG_MORE) halves the speed.
        writeOutput()
        continueTransfer()
    }

    /// Sends the next step by sendfile; each step taken shows that the client is alive.
    private func continueTransfer() {
        guard let context, var next = transfer else { return }
        guard next.position < next.end else { return endTransfer() }
        let isStill = try? next.handle.withUnsafeFileDescriptor { next.file.isStill(in: FileDescriptor(rawValue: $0)) }
        guard isStill == true else {
            cut()
            return endTransfer()
        }
        let end = min(next.end, next.position + ServerConfiguration.transferStep)
        let region = FileRegion(fileHandle: next.handle, readerIndex: next.position, endIndex: end)
        next.position = end
        transfer = next
        let taken = context.eventLoop.makePromise(of: Void.self)
        taken.futureResult.assumeIsolated().whenComplete { result in
            switch result {
            case .success:
                self.noteProgress()
                self.continueTransfer()
            case .failure:
                self.cut()
                self.endTransfer()
            }
        }
        context.writeAndFlush(wrapOutboundOut(.fileRegion(region)), promise: taken)
    }

    private func endTransfer() {
        guard let ended = transfer else { return }
        transfer = nil
        // Closing a descriptor that was only read has nothing to report.
        try? ended.handle.close()
        switch phase {
        case .open: answerWaiting()
        case .closing: finish()
        case .lingering, .closed: break
        }
    }
}

extension Answer {
    fileprivate var isWhole: Bool {
        if case .whole = self { true } else { false }
    }
}

extension ServedFile {
    fileprivate var isInMemory: Bool {
        if case .memory = content { true } else { false }
    }
}
