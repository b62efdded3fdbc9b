import Primitives

/// What a path in a tree may be. Pure: it is asked by the packer, by the extractor and when a listing is decoded, each
/// for itself, so that no one of them relies on another having asked.
package struct TreePathPolicy: Sendable {
    package let limits: TreeLimits

    package init(limits: TreeLimits = TreeLimits()) {
        self.limits = limits
    }

    /// Throws unless `path` is relative, has only plain components, no control characters, and keeps the limits.
    package func check(path: ByteString) throws(ReleaseFault) {
        try checkText(path)
        let components = path.components
        guard components.count <= limits.depth else {
            throw unsafe(path, "\(components.count) components", "at most \(limits.depth)")
        }
        for component in components {
            let text = ByteString(Array(component))
            guard !component.isEmpty, text != ".", text != ".." else {
                throw unsafe(path, "a component \"\(text)\"", "a relative path of plain names")
            }
            try checkLength(component, in: path)
        }
    }

    /// Throws unless a link at `path` that points to `target` stays inside the tree, whatever other links are there.
    ///
    /// `..` may only stand at the beginning of a target: `x/..` means something else once `x` is a link itself, while
    /// climbing from the link's own folder, which is a real one, and then only descending cannot leave.
    package func check(link path: ByteString, target: ByteString) throws(ReleaseFault) {
        guard (try? checkText(target)) != nil, target.bytes.first != UInt8(ascii: "/") else {
            throw unsafeLink(path, target, "a relative target")
        }
        var depth = path.components.count - 1
        var descended = false
        for component in target.components {
            switch ByteString(Array(component)) {
            case "", ".": continue
            case "..":
                depth -= 1
                guard !descended else { throw unsafeLink(path, target, "\"..\" only at the beginning") }
                guard depth >= 0 else { throw unsafeLink(path, target, "a target inside the tree") }
            default:
                descended = true
                guard component.count <= limits.componentBytes else {
                    throw unsafeLink(path, target, "components of at most \(limits.componentBytes) bytes")
                }
            }
        }
    }

    private func checkText(_ path: ByteString) throws(ReleaseFault) {
        guard (1...limits.pathBytes).contains(path.count) else {
            throw unsafe(path, "\(path.count) bytes", "1 to \(limits.pathBytes)")
        }
        guard let text = String(validating: path.bytes, as: UTF8.self) else {
            throw unsafe(path, "bytes \(Hex.encode(path.bytes))", "a UTF-8 name")
        }
        guard !text.unicodeScalars.contains(where: \.isControl) else {
            throw unsafe(path, "a control character", "none")
        }
    }

    private func checkLength(_ component: ArraySlice<UInt8>, in path: ByteString) throws(ReleaseFault) {
        guard component.count <= limits.componentBytes else {
            throw unsafe(path, "a component of \(component.count) bytes", "at most \(limits.componentBytes)")
        }
    }

    private func unsafe(_ path: ByteString, _ found: String, _ expected: String) -> ReleaseFault {
        ReleaseFault(.unsafePath, found: found, expected: expected, at: path.description)
    }

    private func unsafeLink(_ path: ByteString, _ target: ByteString, _ expected: String) -> ReleaseFault {
        ReleaseFault(.unsafeLink, found: "\"\(target)\"", expected: expected, at: path.description)
    }
}

extension Unicode.Scalar {
    /// C0, DEL and C1.
    fileprivate var isControl: Bool { value < 0x20 || (0x7f...0x9f).contains(value) }
}

extension ByteString {
    /// What stands between the slashes, empty parts included.
    package var components: [ArraySlice<UInt8>] {
        bytes.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    }

    /// Whether this path is `other`, or leads through it.
    package func isAt(orBelow other: ByteString) -> Bool { components.starts(with: other.components) }

    /// The path without its last component, or nil when it has only one.
    package var parentPath: ByteString? {
        bytes.lastIndex(of: UInt8(ascii: "/")).map { ByteString(Array(bytes[..<$0])) }
    }
}
