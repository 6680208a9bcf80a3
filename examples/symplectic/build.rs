//! Compiles area.eq, and declares for Rust what the C header declares for C.

use std::path::{Path, PathBuf};
use std::{env, fs, process::Command};

/// `const double *x` as `x: *const f64`.
fn argument(text: &str) -> String {
    let split = text.rfind(|c: char| c == ' ' || c == '*').unwrap() + 1;
    let (kind, name) = (text[..split].trim(), &text[split..]);
    let kind = match kind {
        "int" => "i32",
        "int64_t" => "i64",
        "float *" => "*mut f32",
        "const float *" => "*const f32",
        "double *" => "*mut f64",
        "const double *" => "*const f64",
        "const int64_t *" => "*const i64",
        "size_t" => "usize",
        "char *" => "*mut std::os::raw::c_char",
        "void *" => "*mut std::ffi::c_void",
        "const void *" => "*const std::ffi::c_void",
        _ => panic!("the header has an argument of type '{}'", kind),
    };
    format!("{}: {}", name, kind)
}

/// The constants and functions of a header that eqc wrote.
fn declarations(header: &str) -> String {
    let mut constants = String::new();
    for line in header.lines() {
        let words: Vec<&str> = line.splitn(3, ' ').collect();
        if words.len() == 3 && words[0] == "#define" {
            let value = words[2].trim_matches(&['(', ')'][..]);
            if value.parse::<i64>().is_ok() {
                constants += &format!("pub const {}: i64 = {};\n", words[1], value);
            }
        }
    }
    let mut functions = String::new();
    for (start, result) in [("\nint ", "i32"), ("\nint64_t ", "i64")] {
        for piece in header.split(start).skip(1) {
            let declaration = &piece[..piece.find(';').unwrap()].replace('\n', " ");
            let (name, rest) = declaration.split_once('(').unwrap();
            let arguments: Vec<String> =
                rest.trim_end_matches(')').split(',').map(|a| argument(a.trim())).collect();
            functions += &format!("    pub fn {}({}) -> {};\n", name, arguments.join(", "), result);
        }
    }
    format!("{}extern \"C\" {{\n{}}}\n", constants, functions)
}

fn library_folder(prefix: &Path) -> PathBuf {
    let candidates = ["lib", "lib/x86_64-linux-gnu", "lib/aarch64-linux-gnu"];
    let found = candidates.iter().map(|name| prefix.join(name)).find(|f| f.join("libeqc_rt.a").exists());
    found.unwrap_or_else(|| panic!("no libeqc_rt.a in '{}': set EQC_PREFIX to where eqc is installed", prefix.display()))
}

fn main() {
    println!("cargo:rerun-if-changed=area.eq");
    println!("cargo:rerun-if-env-changed=EQC_PREFIX");
    let out = PathBuf::from(env::var("OUT_DIR").unwrap());
    let prefix = PathBuf::from(env::var("EQC_PREFIX").unwrap_or_else(|_| "/usr".into()));
    let object = out.join("area.o");
    let status = Command::new(prefix.join("bin/eqc"))
        .args(["compile", "area.eq", "-o"])
        .arg(&object)
        .status()
        .unwrap_or_else(|error| panic!("eqc: {}: set EQC_PREFIX to where eqc is installed", error));
    assert!(status.success(), "eqc refused area.eq");

    let header = fs::read_to_string(out.join("area.h")).unwrap();
    fs::write(out.join("area.rs"), declarations(&header)).unwrap();
    println!("cargo:rustc-link-arg={}", object.display());
    println!("cargo:rustc-link-arg={}", library_folder(&prefix).join("libeqc_rt.a").display());
    println!("cargo:rustc-link-arg=-lm");
    println!("cargo:rustc-link-arg=-lpthread");
}
