autocmd BufRead,BufNewFile *.eq setfiletype eq
