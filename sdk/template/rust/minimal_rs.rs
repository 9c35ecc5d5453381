// SPDX-License-Identifier: Apache-2.0
//! minimal_rs.rs - the scanner of the template "minimal" in Rust, over the C
//! ABI of <engine/scanner.h>, without any crate.
//!
//!     scanner_type: file_mode_rs
//!     check_content: {path: /etc/shadow, mode: "0640", owner: 0}
use std::ffi::{CStr, CString};
use std::mem::size_of;
use std::os::raw::{c_char, c_void};
use std::os::unix::fs::MetadataExt;
use std::ptr::null;

/// What this scanner needs of the ABI. Structures of the engine are only looked
/// at through pointers, so they may end here after the last member that is used.
/// The table is whole, as the version that it names has it; later engines of
/// the same major take what has been added since for absent.
mod abi {
    use super::{c_char, c_void};

    pub const VERSION: [u16; 2] = [1, 0];
    pub const MAGIC: u32 = 0x5343_4e52;
    pub const PASS: i32 = 1;
    pub const FAIL: i32 = 2;
    pub const ERROR: i32 = 3;
    pub const OK: i32 = 0;
    pub const CANCELLED: i32 = -10;
    pub const FAILED: i32 = -11;

    #[repr(C)]
    #[derive(Clone, Copy)]
    pub struct Doc {
        pub data: *const u8,
        pub len: u32,
        pub reserved: u32,
    }

    #[repr(C)]
    pub struct Error {
        pub size: u32,
        pub status: i32,
        pub message: [u8; 1024],
        pub hint: [u8; 512],
    }

    #[repr(C)]
    pub struct Job {
        pub size: u32,
        pub parallel: u32,
        pub target: Doc,
        pub variables: Doc,
        pub request: Doc,
        pub rules: *const u8,
        pub rules_count: u32,
        pub rules_stride: u32,
    }

    #[repr(C)]
    pub struct Outcome {
        pub size: u32,
        pub status: i32,
        pub rule_id: *const c_char,
        pub message: *const c_char,
        pub resource: Doc,
        pub evidence: Doc,
        pub details: Doc,
    }

    #[repr(C)]
    pub struct RuleEnd {
        pub size: u32,
        pub status: i32,
        pub rule_id: *const c_char,
        pub message: *const c_char,
        pub duration_ms: i64,
        pub variables_applied: Doc,
        pub resources: Doc,
    }

    type Register = extern "C" fn(*const Host, *const c_char, *const c_char) -> i32;
    type Unused = *const c_void;

    #[repr(C)]
    pub struct Host {
        pub magic: u32,
        pub size: u32,
        pub abi: [u16; 2],
        pub reserved: u32,
        pub features: u64,
        pub engine_version: *const c_char,
        pub internal: *mut c_void,
        pub register_type: Register,
        pub register_target: Register,
        pub register_content: Unused,
        pub log: extern "C" fn(*const Host, u32, *const c_char),
        pub emit: extern "C" fn(*const Host, *const Job, *const Outcome) -> i32,
        pub rule_done: extern "C" fn(*const Host, *const Job, *const RuleEnd) -> i32,
        pub document: Unused,
        pub artifact: Unused,
        pub open_artifact: Unused,
        pub effect: Unused,
        pub effect_undone: Unused,
        pub progress: Unused,
        pub cancelled: extern "C" fn(*const Host, *const Job) -> i32,
        pub deadline_ms: Unused,
        pub get_string:
            extern "C" fn(*const Host, *const Doc, *const c_char, *mut *const c_char) -> i32,
        pub get_int: extern "C" fn(*const Host, *const Doc, *const c_char, *mut i64) -> i32,
    }

    #[repr(C)]
    pub struct Ops {
        pub magic: u32,
        pub size: u32,
        pub abi: [u16; 2],
        pub reserved: u32,
        pub caps: u64,
        pub needs: u64,
        pub name: *const u8,
        pub version: *const u8,
        pub options: *const c_void,
        pub options_count: u32,
        pub options_stride: u32,
        pub init: extern "C" fn(*const Host, Unused, *mut *mut c_void, *mut Error) -> i32,
        pub scan: extern "C" fn(*mut c_void, *const Job, *mut Error) -> i32,
        pub destroy: extern "C" fn(*mut c_void),
        pub plan: Unused,
        pub import: Unused,
        pub probe: Unused,
        pub undo: Unused,
        pub reads: Unused, // what stat(2) tells needs no entry
        pub writes: Unused,
        pub programs: Unused,
    }

    // constant, and read by the engine only
    unsafe impl Sync for Ops {}

    pub const NO_DOC: Doc = Doc { data: std::ptr::null(), len: 0, reserved: 0 };
}

/// One instance.
struct Minimal {
    host: *const abi::Host,
}

/// Text for C: what is in front of a NUL.
fn c_text(text: &str) -> CString {
    CString::new(text.split('\0').next().unwrap_or("")).unwrap_or_default()
}

fn fail(err: *mut abi::Error, status: i32, message: &str) -> i32 {
    if let Some(err) = unsafe { err.as_mut() } {
        let len = message.len().min(err.message.len() - 1);
        err.status = status;
        err.message[..len].copy_from_slice(&message.as_bytes()[..len]);
        err.message[len] = 0;
    }
    status
}

fn text<'a>(host: &abi::Host, doc: &'a abi::Doc, path: &str) -> Option<&'a str> {
    let mut out: *const c_char = null();
    if (host.get_string)(host, doc, c_text(path).as_ptr(), &mut out) != abi::OK {
        return None;
    }
    unsafe { CStr::from_ptr(out) }.to_str().ok()
}

/// Whether the rule holds, and what was seen; or why that is not known.
fn judge(host: &abi::Host, rule: &abi::Doc) -> Result<(bool, String), String> {
    let path = text(host, rule, "check_content.path").unwrap_or("");
    let mode = text(host, rule, "check_content.mode").unwrap_or("");
    let may = u32::from_str_radix(mode, 8)
        .map_err(|_| "check_content needs a mode such as \"0640\"".to_string())?;
    let mut owner = 0;
    if !path.starts_with('/') {
        return Err("check_content needs an absolute path".to_string());
    }
    (host.get_int)(host, rule, c_text("check_content.owner").as_ptr(), &mut owner);
    let file = std::fs::metadata(path)
        .map_err(|why| format!("could not look at \"{}\": {}", path, why))?;
    let has = file.mode() & 0o7777;
    Ok((
        has & !may == 0 && i64::from(file.uid()) == owner,
        format!("{:04o} of user {}, expected {} of user {}", has, file.uid(), mode, owner),
    ))
}

fn check(host: &abi::Host, job: &abi::Job, rule: &abi::Doc) -> i32 {
    let id = c_text(text(host, rule, "rule_id").unwrap_or(""));
    let (status, message) = match judge(host, rule) {
        Ok((true, message)) => (abi::PASS, message),
        Ok((false, message)) => (abi::FAIL, message),
        Err(message) => (abi::ERROR, message),
    };
    let message = c_text(&message);
    let result = abi::Outcome {
        size: size_of::<abi::Outcome>() as u32,
        status,
        rule_id: id.as_ptr(),
        message: message.as_ptr(),
        resource: abi::NO_DOC,
        evidence: abi::NO_DOC,
        details: abi::NO_DOC,
    };
    let end = abi::RuleEnd {
        size: size_of::<abi::RuleEnd>() as u32,
        status: 0, // as the result has it
        rule_id: id.as_ptr(),
        message: null(),
        duration_ms: -1,
        variables_applied: abi::NO_DOC,
        resources: abi::NO_DOC,
    };
    match (host.emit)(host, job, &result) {
        abi::OK => (host.rule_done)(host, job, &end),
        refused => refused,
    }
}

extern "C" fn init(
    host: *const abi::Host,
    _config: *const c_void,
    out: *mut *mut c_void,
    err: *mut abi::Error,
) -> i32 {
    let engine = unsafe { &*host };
    let scanner_type = c_text("file_mode_rs");
    let target = c_text("local");
    if (engine.register_type)(host, scanner_type.as_ptr(), null()) != abi::OK
        || (engine.register_target)(host, target.as_ptr(), null()) != abi::OK
    {
        return fail(err, abi::FAILED, "could not register");
    }
    unsafe { *out = Box::into_raw(Box::new(Minimal { host })) as *mut c_void };
    abi::OK
}

extern "C" fn scan(instance: *mut c_void, job: *const abi::Job, err: *mut abi::Error) -> i32 {
    let (host, job) = unsafe { (&*(*(instance as *const Minimal)).host, &*job) };
    for i in 0..job.rules_count as usize {
        let rule = unsafe { &*(job.rules.add(i * job.rules_stride as usize) as *const abi::Doc) };
        let status = match (host.cancelled)(host, job) {
            0 => check(host, job, rule),
            _ => abi::CANCELLED,
        };
        if status != abi::OK {
            return fail(err, status, "the scan was not finished");
        }
    }
    abi::OK
}

extern "C" fn destroy(instance: *mut c_void) {
    if !instance.is_null() {
        drop(unsafe { Box::from_raw(instance as *mut Minimal) });
    }
}

static OPS: abi::Ops = abi::Ops {
    magic: abi::MAGIC,
    size: size_of::<abi::Ops>() as u32,
    abi: abi::VERSION,
    reserved: 0,
    caps: 0,
    needs: 0,
    name: b"minimal_rs\0".as_ptr(),
    version: b"1.0\0".as_ptr(),
    options: null(),
    options_count: 0,
    options_stride: 0,
    init,
    scan,
    destroy,
    plan: null(),
    import: null(),
    probe: null(),
    undo: null(),
    reads: null(),
    writes: null(),
    programs: null(),
};

/// The entry point: the name of the file in front of it.
#[no_mangle]
#[allow(non_snake_case)]
pub extern "C" fn minimal_rs_LTX_scanner_query(_host_major: u16) -> *const abi::Ops {
    &OPS
}
