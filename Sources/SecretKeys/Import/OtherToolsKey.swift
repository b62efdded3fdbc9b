import Primitives

/// Tells people who name another tool's key where one of ours is wanted what to do first.
enum OtherToolsKey {
    private static let beginnings = [CommentedKey.begin, OpenSSHKey.begin]

    /// Throws `.unsupported` for what begins as keys of minisign, signify and OpenSSH do, public or secret.
    static func check(_ text: SecretBytes) throws(KeyFault) {
        let isOtherTools = text.withUnsafeBytes { text in
            beginnings.contains { text.starts(with: $0.utf8) } || OpenSSHPublicKeyLine.isLikely(text)
        }
        guard isOtherTools else { return }
        throw KeyFault(
            .unsupported, found: "a key of another tool", expected: "one of this tool's own",
            hint: "sceau key import FILE --name NAME makes one of it")
    }
}
