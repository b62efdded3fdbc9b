/// What it means that the online half of the metadata, timestamp and snapshot, has expired.
///
/// The online half says "this is still the newest", again and again. Root, targets and delegated roles are the keyholders':
/// their expiry ends their keys' say, and nothing here relaxes it. Nor is anything else relaxed: signatures, thresholds,
/// hashes, and that no version falls.
package enum Freshness: Hashable, Sendable {
    /// It is refused (TUF 5.4.4, 5.5.6).
    case required
    /// It is used all the same, and the caller has to say how old it is: only for files that a person carried here, and
    /// whose age that person can judge. Who gave them may keep newer ones back for ever.
    case warned
}
