import Primitives

/// What the administrator of a server may want to know. Nothing here is about a request or a client: there is no access
/// log to hand over.
package enum ServerEvent: Sendable {
    /// A publication of this many files is being served.
    case serving(files: Int)
    /// The folder is served as it is, though no publication in it is complete.
    case nothingPublished(any ReportableFault)
    /// A new publication could not be taken over; the former one is still served. Said once until the fault changes.
    case stillServingFormer(any ReportableFault)
}
